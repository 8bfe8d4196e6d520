"""`manage.py serve --take-over`: one process after the other on one port, and no client notices."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.endurance.clients import Asking, Clients
from benchmarks.endurance.disconnects import endings
from benchmarks.endurance.restarts import Restarting
from benchmarks.processes import free_port
from gateway.management.handover import Offer, take_over
from tests.gateway.running import PATIENCE_SECONDS, READY, Running
from tests.gateway.test_serve import LONG, post, workers_of
from tests.gateways import eventually

RESTARTS = 2
WORDS = (20, 30, 40, 50)
"""Of each stream, 20 ms apart: of different lengths, so that they do not all pause at the same moment."""


def asking(url: str, key: str) -> Asking:
    """For streams and whole answers."""
    chat = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
    streams = [{**chat, "model": "demo/large", "stream": True, "max_tokens": words} for words in WORDS]
    return Asking(url=url, key=key, whole=chat, streams=streams)


def test_restarts_under_load_fail_no_request_and_cut_no_stream(data: Path, key: str, tmp_path: Path) -> None:
    before = endings(data)["ok"]  # quickstart's own first request
    port = free_port()
    trial = Restarting(tmp_path, Running(data=data).environ, port, say=lambda line: None)

    outcome = trial.run(asking(f"http://127.0.0.1:{port}", key), RESTARTS)

    outcome.endings = {**endings(data), "ok": endings(data)["ok"] - before}
    assert outcome.objections == []
    assert outcome.tally.streams >= RESTARTS * 4


def test_workers_take_over_from_workers(data: Path, key: str, redis_url: str) -> None:
    options = ("--workers", "2")
    with Running("serve", "--port", "0", *options, data=data, environ={"REDIS_URL": redis_url}) as old:
        old.wait_for("A Celery worker of its own must run")
        before = workers_of(old)
        port = old.url.rpartition(":")[2]
        with (
            Clients(asking(old.url, key)) as clients,
            Running(
                "serve", "--port", port, "--take-over", *options, data=data, environ={"REDIS_URL": redis_url}
            ) as new,
        ):
            new.wait_for("A Celery worker of its own must run")
            code = old.wait()
            with post(new, key) as reply:
                status = reply.status_code
            tally = clients.stop()
            assert new.stop(signal.SIGTERM) == 0

    assert (code, status, tally.complaints) == (0, 200, [])
    assert tally.answered > 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)


def test_ready_says_draining_at_once_and_answers_close_their_connections(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        with (
            httpx.Client(base_url=serve.url, trust_env=False, timeout=PATIENCE_SECONDS) as client,
            post(serve, key, stream=True, model=LONG) as running,
        ):
            lines = running.iter_lines()
            next(lines)
            assert client.get("/readyz").status_code == 200
            serve.send(signal.SIGTERM)
            while (ready := client.get("/readyz")).status_code == 200:
                time.sleep(0.01)
            assert eventually(lambda: takes_no_connection(serve))
            rest = list(lines)

        assert (ready.status_code, ready.json()["status"]) == (503, "draining")
        assert ready.headers["connection"] == "close"
        assert "data: [DONE]" in rest
        assert serve.wait() == 0


def takes_no_connection(serve: Running) -> bool:
    """One that is made just before the end of it is served, or broken off."""
    try:
        httpx.get(f"{serve.url}/livez", trust_env=False, timeout=PATIENCE_SECONDS)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


def test_a_successor_that_cannot_start_leaves_all_as_it_was(data: Path, key: str, tmp_path: Path) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        port = serve.url.rpartition(":")[2]
        broken = {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}"}  # it lacks all migrations
        with Running("serve", "--port", port, "--take-over", data=data, environ=broken) as successor:
            assert successor.wait() == 1
        with post(serve, key) as reply:
            status = reply.status_code
        code = serve.stop()

    assert (status, code) == (200, 0)


# The socket itself


@pytest.fixture
def offered() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with Offer(listening, "127.0.0.1", port) as offer:
            offer.begin()
            yield listening, port


def test_where_nobody_serves_there_is_nothing_to_take() -> None:
    assert take_over("127.0.0.1", 1) is None


def test_what_waits_in_the_queue_is_accepted_by_whoever_took_over(offered: tuple[socket.socket, int]) -> None:
    listening, port = offered
    with socket.create_connection(("127.0.0.1", port)) as client:
        taken = take_over("127.0.0.1", port)
        assert taken is not None
        listening.close()

        accepted, address = taken.listening.accept()

        assert address == client.getsockname()
        accepted.close()
        taken.listening.close()
        taken._predecessor.close()


def test_the_predecessor_is_stopped_when_the_successor_is_ready_and_the_name_is_free(
    offered: tuple[socket.socket, int],
) -> None:
    stopped = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        taken = take_over("127.0.0.1", offered[1])
        assert taken is not None
        taken.begin()

        assert stopped.wait(PATIENCE_SECONDS)
        assert take_over("127.0.0.1", offered[1]) is None
    finally:
        signal.signal(signal.SIGTERM, before)
        with contextlib.suppress(NameError, AttributeError):
            taken.listening.close()  # type: ignore[union-attr]  # suppressed


def test_the_socket_is_seen_by_this_user_alone(offered: tuple[socket.socket, int]) -> None:
    if os.getuid() != 0:
        pytest.skip("Only root can become another user.")
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        os._exit(0 if take_over("127.0.0.1", offered[1]) is None else 1)

    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
