"""The process beside the gateway that writes its history."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from history.journal.shipper import OVERDUE_SECONDS
from tests.gateway.running import PATIENCE_SECONDS, READY, ROOT, Running
from tests.gateway.test_serve import post, workers_of
from tests.gateways import eventually

ROWS = "SELECT count(*) FROM history_requestlog WHERE key_name = 'quickstart'"


def history_worker_of(serve: Running, *, other_than: int = 0) -> int:
    """Its process id, when there is one."""

    def found() -> int | None:
        children = [path.read_text().split() for path in Path(f"/proc/{serve.process.pid}/task").glob("*/children")]
        for pid in (int(pid) for of_a_thread in children for pid in of_a_thread):
            if pid != other_than and "history.embedded.worker" in command_line(pid):
                return pid
        return None

    return eventually(found, seconds=PATIENCE_SECONDS)


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def ask(serve: Running, key: str, times: int) -> None:
    for _ in range(times):
        with post(serve, key) as reply:
            reply.read()


def rows_of(serve: Running) -> int:
    return int(str(serve.rows(ROWS)[0][0]))


def wait_for_rows(serve: Running, count: int, seconds: float = PATIENCE_SECONDS) -> None:
    eventually(lambda: rows_of(serve) >= count, seconds=seconds)
    assert rows_of(serve) == count


def test_a_row_is_soon_in_the_database(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        ask(serve, key, 1)
        wait_for_rows(serve, 2)  # the worker has come to life; one row stood there before

        ask(serve, key, 1)
        wait_for_rows(serve, 3, seconds=OVERDUE_SECONDS / 2)  # the gateway would write it by itself after that time

        assert serve.stop() == 0


def test_one_that_is_killed_is_replaced_and_nothing_is_lost(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        first = history_worker_of(serve)
        ask(serve, key, 5)
        os.kill(first, signal.SIGKILL)
        ask(serve, key, 5)
        second = history_worker_of(serve, other_than=first)
        wait_for_rows(serve, 11, seconds=OVERDUE_SECONDS - 5)  # before the gateway would write them by itself
        code = serve.stop()

    assert code == 0
    assert "The history's worker ended with exit code -9" in serve.output
    assert not Path(f"/proc/{second}").exists()


def test_it_ends_with_a_gateway_that_is_killed(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        worker = history_worker_of(serve)
        ask(serve, key, 5)

        serve.process.kill()

        eventually(lambda: not command_line(worker), seconds=PATIENCE_SECONDS)
    with Running("serve", "--port", "0", data=data) as heir:
        heir.wait_for(READY)
        wait_for_rows(heir, 6)
        assert heir.stop() == 0


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_outlives_signals_that_are_meant_for_the_gateway(signum: signal.Signals, data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        worker = history_worker_of(serve)
        ask(serve, key, 1)
        wait_for_rows(serve, 2)

        os.kill(worker, signum)
        ask(serve, key, 1)
        wait_for_rows(serve, 3)

        assert history_worker_of(serve) == worker
        assert serve.stop() == 0
    assert "Traceback" not in serve.output


def test_several_workers_share_one_and_need_no_redis(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", "--workers", "2", data=data) as serve:
        serve.wait_for(READY)
        ask(serve, key, 20)
        wait_for_rows(serve, 21)
        worker = history_worker_of(serve)
        served_by = workers_of(serve)
        code = serve.stop(signal.SIGTERM)

    assert code == 0
    assert len(served_by) == 2
    assert "A Celery worker of its own must run" not in serve.output
    assert "Traceback" not in serve.output
    assert not Path(f"/proc/{worker}").exists()


PUBLISH_AND_END = """
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
call_command("migrate", verbosity=0)
from gateway.management.history_worker import HistoryWorker
from history import tasks
from history.batch import Batch
from history.lines import end_line
from history.models import RequestLog
from tests.history.exchanges import an_exchange

home = settings.DATA_DIR / "journal" / "of-this-test"
home.mkdir(parents=True)
at = 0
with (home / "000001.journal").open("wb") as journal:
    for _ in range(30):
        line = end_line(an_exchange())
        journal.write(line)
        journal.flush()
        tasks.publish(Batch(segment="of-this-test/000001", start=at, end=at + len(line), rows="[]", count=1))
        at += len(line)
tasks.publish(Batch(segment="of-this-test/000002", start=0, end=1, rows="[]", count=1))  # written another way, and gone
largest = max(path.stat().st_size for path in (settings.DATA_DIR / "tasks" / "celery").iterdir())
assert largest < 3000, f"a message names the rows and does not carry them: {largest}"

for _ in range(2):
    with HistoryWorker() as worker:
        worker.begin()
        while worker._process is None:
            pass
assert RequestLog.objects.count() == 30, RequestLog.objects.count()
assert not list((settings.DATA_DIR / "tasks" / "celery").iterdir())
print("clean")
"""


def test_what_was_published_is_written_before_it_ends(tmp_path: Path) -> None:
    environ = Running(data=tmp_path).environ

    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH_AND_END],
        cwd=ROOT,
        env={**environ, "DJANGO_SETTINGS_MODULE": "plexus_site.settings", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
        check=False,
    )

    assert done.stdout.strip() == "clean", done.stderr
    assert done.stderr == ""
    assert time.monotonic() - started < PATIENCE_SECONDS
