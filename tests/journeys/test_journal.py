"""What is kept of requests whose gateway dies, or cannot write."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from gateway import runtime
from gateway.metrics.totals import TOTALS
from history.models import RequestLog
from history.recorder import Recorder
from tests.faulty_upstream import an_unused_port
from tests.gateways import RunningGateway, eventually
from tests.journeys.test_freshness import is_up

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doomed(gateway: RunningGateway, test_database_url: str) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A second gateway, in a process that may be killed, and a client of it."""
    port = an_unused_port()
    command = [sys.executable, "-m", "uvicorn", "plexus_site.asgi:application", "--port", str(port)]
    environ = {**os.environ, "DATABASE_URL": test_database_url, "PLEXUS_PRIVATE_UPSTREAMS": "127.0.0.0/8"}
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=django_settings.BASE_DIR, env=environ)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        eventually(lambda: process.poll() is not None or is_up(client), seconds=180)
        yield process, client
    process.kill()
    process.wait(60)


def test_a_killed_gateway_leaves_a_row_for_every_request_that_reached_an_upstream(
    gateway: RunningGateway, doomed: tuple[subprocess.Popen[bytes], httpx.Client]
) -> None:
    process, client = doomed
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    gateway.alias("held", gateway.model("openai", "stall-after-1"))
    body = {"messages": [{"role": "user", "content": "Hello!"}]}
    headers = {"authorization": f"Bearer {gateway.key}"}
    path = "/v1/chat/completions"
    eventually(lambda: client.get("/v1/models/held", headers=headers).is_success)

    answered = client.post(path, json={**body, "model": "fast"}, headers=headers)
    with client.stream("POST", path, json={**body, "model": "held", "stream": True}, headers=headers) as cut:
        pieces = cut.iter_bytes()  # held: httpx hangs up when nobody holds it
        next(pieces)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    heir = Recorder(django_settings.DATA_DIR / "journal", adopt_seconds=0.1)
    heir.start()

    whole, broken = gateway.row(answered), gateway.row_of(cut.headers["x-request-id"])
    heir.stop(60)
    assert (whole.outcome, whole.status) == ("ok", 200)
    assert (broken.outcome, broken.error_code, broken.streamed) == ("interrupted", "gateway_died", True)
    assert (broken.alias, broken.provider, broken.model) == ("held", "openai", "stall-after-1")
    assert broken.attempts.get().outcome == "interrupted"
    assert RequestLog.objects.count() == 2


@pytest.fixture
def no_journal() -> Iterator[Path]:
    """Where the journal stands; a file that was put there instead goes in the end."""
    journal: Path = django_settings.DATA_DIR / "journal"
    yield journal
    if journal.is_file():
        journal.unlink()


def stand_in_the_way(journal: Path) -> None:
    shutil.rmtree(journal, ignore_errors=True)
    journal.write_text("")


def test_without_a_journal_requests_go_on_and_the_loss_is_counted(gateway: RunningGateway, no_journal: Path) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    stand_in_the_way(no_journal)

    reply = gateway.ask("fast")

    assert reply.status_code == 200
    assert runtime.current().figures().history["lost"] == 1


@pytest.fixture
def strict(settings: Settings) -> None:
    settings.PLEXUS_JOURNAL_STRICT = True


def test_a_strict_gateway_refuses_what_it_could_not_record(
    strict: None, gateway: RunningGateway, no_journal: Path
) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    stand_in_the_way(no_journal)

    refused = gateway.ask("fast")
    no_journal.unlink()
    served = gateway.ask("fast")

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "history_unavailable")
    assert served.status_code == 200
    assert len(gateway.upstream.seen) == 1, "the refused one asked nobody"
    assert gateway.row(served).outcome == "ok"


@contextmanager
def out_of_room(journal: Path) -> Iterator[None]:
    """The disk is full, as the process sees it: neither its file nor a new one takes a line."""
    writer = runtime.current()._recorder._writer
    aside = journal.with_name("aside")
    kept = os.dup(writer._file)
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), writer._file)
    journal.rename(aside)
    try:
        yield
    finally:
        aside.rename(journal)
        os.dup2(kept, writer._file)
        os.close(kept)


def test_a_journal_that_fails_between_two_tries_makes_a_failure_and_no_refusal(
    strict: None, gateway: RunningGateway
) -> None:
    late = gateway.model(gateway.provider("late", answer_timeout_seconds=4.0), "silence")
    gateway.alias("fast", late, gateway.model("good", "gpt-4o-mini"), selector="in_order")

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(gateway.ask, "fast")
        eventually(lambda: gateway.upstream.seen)
        with out_of_room(django_settings.DATA_DIR / "journal"):
            reply = asked.result()

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "history_unavailable")
    assert len(gateway.upstream.seen) == 1, "the second one was not asked"
    assert [key[4] for key in TOTALS.requests if key[1] == "late"] == ["failed"]
