"""`manage.py serve --take-over`: one process after the other on one port, and no client notices."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from gateway.management.handover import Offer, take_over
from tests.gateway.running import PATIENCE_SECONDS, READY, Running
from tests.gateway.test_serve import post, workers_of

RESTARTS = 5


class Clients:
    """Threads that ask for stream after stream over kept-alive connections, and for short answers over new ones."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {key}"}
        self.whole = 0
        self.wrong: list[str] = []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=[self._stream]) for _ in range(4)]
        self._threads += [threading.Thread(target=self._repeat, args=[self._connect]) for _ in range(2)]

    def _repeat(self, ask: Callable[[httpx.Client], bool]) -> None:
        with httpx.Client(base_url=self.url, headers=self.headers, timeout=PATIENCE_SECONDS, trust_env=False) as client:
            while not self._is_over.is_set():
                try:
                    if ask(client):
                        self.whole += 1
                    else:
                        self.wrong.append("not whole")
                except httpx.HTTPError as exc:
                    self.wrong.append(repr(exc))

    def _stream(self, client: httpx.Client) -> bool:
        body = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        with client.stream("POST", "/v1/chat/completions", json=body) as reply:
            return reply.status_code == 200 and reply.read().endswith(b"data: [DONE]\n\n")

    def _connect(self, client: httpx.Client) -> bool:
        time.sleep(0.03)
        return client.get("/v1/models", headers={"connection": "close"}).status_code == 200

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)


def test_restarts_under_load_fail_no_request_and_cut_no_stream(data: Path, key: str) -> None:
    with ExitStack() as stack:
        running = stack.enter_context(Running("serve", "--port", "0", data=data))
        running.wait_for(READY)
        port = running.url.rpartition(":")[2]
        clients = stack.enter_context(Clients(running.url, key))
        codes = []
        for _ in range(RESTARTS):
            successor = stack.enter_context(Running("serve", "--port", port, "--take-over", data=data))
            successor.wait_for(READY)
            codes.append(running.wait())
            assert "Traceback" not in running.output
            running = successor
        clients.__exit__()
        last = running.stop(signal.SIGTERM)

    assert clients.wrong == []
    assert clients.whole > RESTARTS * 10
    assert [*codes, last] == [0] * (RESTARTS + 1)
    assert running.rows("SELECT DISTINCT outcome FROM history_requestlog") == [("ok",)]


def test_workers_take_over_from_workers(data: Path, key: str, redis_url: str) -> None:
    options = ("--workers", "2")
    with Running("serve", "--port", "0", *options, data=data, environ={"REDIS_URL": redis_url}) as old:
        old.wait_for("A Celery worker of its own must run")
        before = workers_of(old)
        port = old.url.rpartition(":")[2]
        with (
            Clients(old.url, key) as clients,
            Running(
                "serve", "--port", port, "--take-over", *options, data=data, environ={"REDIS_URL": redis_url}
            ) as new,
        ):
            new.wait_for("A Celery worker of its own must run")
            code = old.wait()
            with post(new, key) as reply:
                status = reply.status_code
            clients.__exit__()
            assert new.stop(signal.SIGTERM) == 0

    assert (code, status, clients.wrong) == (0, 200, [])
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)


def test_ready_says_draining_at_once_and_answers_close_their_connections(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        with httpx.Client(base_url=serve.url, trust_env=False) as client, post(serve, key, stream=True) as running:
            lines = running.iter_lines()
            next(lines)
            assert client.get("/readyz").status_code == 200
            serve.send(signal.SIGTERM)
            time.sleep(0.3)
            ready = client.get("/readyz")
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{serve.url}/livez", trust_env=False)
            rest = list(lines)

        assert (ready.status_code, ready.json()["status"]) == (503, "draining")
        assert ready.headers["connection"] == "close"
        assert "data: [DONE]" in rest
        assert serve.wait() == 0


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

        assert stopped.wait(5)
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
