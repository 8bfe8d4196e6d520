"""Real processes, killed with -9 at random moments: every request that was begun has one row, and the statistics agree."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Sum

from history.models import AttemptLog, QuarantinedRecord, RequestLog, TargetStat
from history.recorder import Recorder
from tests.gateways import eventually

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 32


class Nursery:
    """Starts recording processes, and hears what they say."""

    def __init__(self, root: Path, database_url: str) -> None:
        self.begun: set[str] = set()
        self.ended: set[str] = set()
        self.pids: list[int] = []
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.history.journal.recording_process", str(root)],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "plexus_site.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        heard = {b"b": self.begun, b"e": self.ended}
        for line in self._process.stdout:
            kind, _, text = line.strip().partition(b" ")
            if kind == b"pid":
                self.pids.append(int(text))
            else:
                heard[kind].add(text.decode())

    def start_one(self) -> int:
        """Return its pid, once it records."""
        known, said = len(self.pids), len(self.ended)
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        pid = eventually(lambda: self.pids[known] if len(self.pids) > known else None, seconds=180)
        eventually(lambda: len(self.ended) > said, seconds=180)
        return pid

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._listener.join(60)
        self._process.stdout.close()  # type: ignore[union-attr]  # it is a pipe


@pytest.fixture
def nursery(tmp_path: Path, test_database_url: str) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path, test_database_url)
    yield nursery
    for pid in nursery.pids:
        kill(pid)
    nursery.close()


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def drained(root: Path, *, recorders: int = 1) -> list[Recorder]:
    """Let these take over whatever is there; return them when all is in the database."""
    living = [Recorder(root, flush_seconds=0.02, adopt_seconds=0.1) for _ in range(recorders)]
    for recorder in living:
        recorder.start()
    eventually(lambda: not list(root.glob("*/*.journal")), seconds=180)
    for recorder in living:
        recorder.stop(60)
    return living


def check_the_books(nursery: Nursery) -> None:
    """Every request that was begun has one row: what it was told, if it ended, else interrupted."""
    rows = dict(RequestLog.objects.values_list("id", "outcome"))
    outcomes = {str(id): outcome for id, outcome in rows.items()}
    assert nursery.ended - outcomes.keys() == set(), "acknowledged, and lost"
    assert nursery.begun - outcomes.keys() == set(), "begun, and lost"
    assert {outcomes[id] for id in nursery.ended} == {"ok"}
    assert {outcomes[id] for id in nursery.begun - nursery.ended} <= {"interrupted", "ok"}
    assert not QuarantinedRecord.objects.exists()
    for resolution in ("minute", "hour"):
        counted = TargetStat.objects.filter(resolution=resolution).aggregate(
            requests=Sum("requests"), errors=Sum("errors"), attempts=Sum("attempts"), tokens=Sum("input_tokens")
        )
        assert counted["requests"] == len(rows)
        assert counted["errors"] == sum(outcome == "interrupted" for outcome in outcomes.values())
        assert counted["attempts"] == AttemptLog.objects.count()
        assert counted["tokens"] == RequestLog.objects.aggregate(tokens=Sum("input_tokens"))["tokens"]


def test_no_request_is_lost_or_counted_twice_by_kills_at_random(
    nursery: Nursery, tmp_path: Path, celery_worker: None
) -> None:
    chance = random.Random(3)

    for _ in range(KILLS):
        pid = nursery.start_one()
        time.sleep(chance.uniform(0.0, 0.15))
        kill(pid)
    drained(tmp_path)
    nursery.close()

    check_the_books(nursery)
    interrupted = RequestLog.objects.filter(outcome="interrupted", error_code="gateway_died", status=500)
    assert interrupted.count() >= KILLS
    assert all(log.attempts.count() >= 1 for log in interrupted[:20])


def test_two_that_take_over_at_once_write_everything_once(
    nursery: Nursery, tmp_path: Path, celery_worker: None
) -> None:
    pids = [nursery.start_one() for _ in range(4)]
    for pid in pids:
        kill(pid)

    living = drained(tmp_path, recorders=2)
    nursery.close()

    check_the_books(nursery)
    assert (
        sum(recorder.figures.adopted for recorder in living) >= RequestLog.objects.filter(outcome="interrupted").count()
    )


def test_one_who_is_killed_at_taking_over_is_followed_by_another(
    nursery: Nursery, tmp_path: Path, celery_worker: None
) -> None:
    for _ in range(3):
        kill(nursery.start_one())

    # Each takes over, in its first moments, what the one before has left; and is killed at that.
    for number in range(6):
        pid = nursery.start_one()
        time.sleep(0.02 * number)
        kill(pid)
    drained(tmp_path)
    nursery.close()

    check_the_books(nursery)
