"""`manage.py serve`, as a process."""

import contextlib
import json
import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from gateway.management.pauses import pause_after
from tests.gateway.running import PATIENCE_SECONDS, READY, Running
from tests.gateways import eventually

LONG = "demo/large"
"""Its stream takes some seconds: enough to do something meanwhile."""


def post(
    serve: Running, key: str, *, stream: bool = False, model: str = "fast"
) -> contextlib.AbstractContextManager[httpx.Response]:
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.stream(
        "POST",
        f"{serve.url}/v1/chat/completions",
        json=body,
        headers=headers,
        trust_env=False,
        timeout=PATIENCE_SECONDS,
    )


def test_it_serves_the_gateway_and_the_admin_and_ends_with_ctrl_c(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        with post(serve, key) as reply:
            answer = json.loads(reply.read())
        admin = httpx.get(f"{serve.url}/admin/login/", trust_env=False, timeout=PATIENCE_SECONDS)
        code = serve.stop(signal.SIGINT)

    assert "demo/small" in answer["choices"][0]["message"]["content"]
    assert admin.status_code == 200
    assert code == 0
    assert "Traceback" not in serve.output
    assert serve.output.endswith("Plexus has stopped.\n")
    assert serve.rows("SELECT count(*) FROM history_requestlog WHERE key_name = 'quickstart' AND outcome = 'ok'") == [
        (2,)
    ]


def test_an_address_at_which_the_admin_does_not_open_is_said_with_the_setting(data: Path) -> None:
    with Running("serve", "--host", "127.0.0.2", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        admin = httpx.get(f"{serve.url}/admin/login/", trust_env=False, timeout=PATIENCE_SECONDS)
        assert serve.stop() == 0

    assert "The admin does not open under 127.0.0.2: PLEXUS_ALLOWED_HOSTS lists localhost" in serve.output
    assert (admin.status_code, "PLEXUS_ALLOWED_HOSTS" in admin.text) == (400, True)
    assert "Traceback" not in serve.output


def test_answers_carry_no_server_and_no_date(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        with post(serve, key) as reply:
            names = set(reply.headers)

    assert not names & {"server", "date"}


def test_a_running_stream_ends_in_full_before_the_server_does(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        with post(serve, key, stream=True) as reply:
            lines = reply.iter_lines()
            next(lines)
            serve.send(signal.SIGTERM)
            rest = list(lines)
        code = serve.wait()

    assert rest[-2:] == ["data: [DONE]", ""]
    assert code == 0
    assert "Traceback" not in serve.output
    assert serve.rows("SELECT outcome FROM history_requestlog ORDER BY started_at DESC LIMIT 1") == [("ok",)]


def test_the_drain_is_bounded_and_what_it_cuts_is_told_so_and_recorded(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data, environ={"PLEXUS_DRAIN_SECONDS": "1"}) as serve:
        serve.wait_for(READY)
        with post(serve, key, stream=True, model=LONG) as reply:
            lines = reply.iter_lines()
            next(lines)
            serve.send(signal.SIGTERM)
            rest = [line for line in lines if line]
        code = serve.wait()

    assert json.loads(rest[-1].removeprefix("data: "))["error"]["code"] == "gateway_shutdown"
    assert code == 0
    assert "Traceback" not in serve.output
    assert last_row(serve) == ("interrupted", 200, "gateway_shutdown")


def test_a_second_ctrl_c_leaves_a_few_seconds_and_a_third_none_and_history_is_kept(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        with post(serve, key, stream=True, model=LONG) as reply:
            lines = reply.iter_lines()
            next(lines)
            for _ in range(3):
                serve.send(signal.SIGINT)
                time.sleep(0.6)  # one that comes before the last was noticed is the same one
            with pytest.raises(httpx.HTTPError):
                list(lines)
        code = serve.wait()

    assert code == 0
    assert "Traceback" not in serve.output
    assert last_row(serve) == ("cancelled", 499, "client_closed")
    assert serve.rows("SELECT count(*) FROM history_requestlog") == [(2,)]


def last_row(serve: Running) -> tuple[object, ...]:
    query = "SELECT outcome, status, error_code FROM history_requestlog ORDER BY started_at DESC LIMIT 1"
    return serve.rows(query)[0]


def test_pending_migrations_stop_the_start_unless_they_are_to_be_applied(tmp_path: Path) -> None:
    with Running("serve", "--port", "0", data=tmp_path) as serve:
        assert serve.wait() == 1
    with Running("serve", "--port", "0", "--migrate", data=tmp_path) as migrating:
        migrating.wait_for(READY)
        assert migrating.stop(signal.SIGTERM) == 0

    assert "manage.py migrate" in serve.output
    assert "Traceback" not in serve.output


@pytest.mark.parametrize("command", ["serve", "quickstart"])
def test_a_taken_port_is_said_in_a_sentence_before_anything_is_made(command: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Running(command, "--port", str(port), data=tmp_path) as refused:
            assert refused.wait() == 1

    assert f"Port {port} on 127.0.0.1 is taken" in refused.output
    assert "--port" in refused.output
    assert "Traceback" not in refused.output
    assert not (tmp_path / "plexus.sqlite3").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "There is no port 70000"),
        (["--host", "no-such-host.invalid"], "Choose another address with --host"),
        (["--workers", "0"], "--workers is a number from 1"),
    ],
)
def test_options_that_cannot_be_are_said_in_a_sentence(arguments: list[str], said: str, tmp_path: Path) -> None:
    with Running("serve", *arguments, data=tmp_path) as refused:
        assert refused.wait() == 1

    assert said in refused.output
    assert "Traceback" not in refused.output


def test_a_database_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    with Running(
        "serve", "--port", "0", data=tmp_path, environ={"DATABASE_URL": "postgres://plexus:hidden@127.0.0.1:1/plexus"}
    ) as refused:
        assert refused.wait() == 1

    assert "The database does not answer" in refused.output
    assert "hidden" not in refused.output
    assert "Traceback" not in refused.output


def test_several_workers_share_a_port_replace_a_dead_one_and_end_together(data: Path, key: str, redis_url: str) -> None:
    with Running("serve", "--port", "0", "--workers", "2", data=data, environ={"REDIS_URL": redis_url}) as serve:
        serve.wait_for("celery -A plexus_site worker -B")
        first = workers_of(serve)
        os.kill(first[0], signal.SIGKILL)
        replaced = wait_until_changed(serve, first)
        with post(serve, key) as reply:
            status = reply.status_code
        counted = [eventually(lambda: requests_counted(serve), seconds=PATIENCE_SECONDS) for _ in range(6)]
        code = serve.stop(signal.SIGTERM)

    assert counted == [1.0] * 6, "whichever worker is asked"
    assert len(first) == len(replaced) == 2
    assert first[1] in replaced
    assert status == 200
    assert code == 0
    assert "Traceback" not in serve.output
    assert not any(Path(f"/proc/{pid}").exists() for pid in replaced)


def test_a_worker_that_is_killed_while_it_starts_does_not_take_the_others_with_it(
    data: Path, key: str, redis_url: str
) -> None:
    with Running("serve", "--port", "0", "--workers", "2", data=data, environ={"REDIS_URL": redis_url}) as serve:
        serve.wait_for("celery -A plexus_site worker -B")
        first = workers_of(serve)
        os.kill(first[0], signal.SIGKILL)
        starting = wait_until_changed(serve, first)
        os.kill(starting[-1], signal.SIGKILL)
        replaced = wait_until_changed(serve, starting)
        with post(serve, key) as reply:
            status = reply.status_code
        code = serve.stop(signal.SIGTERM)

    assert first[1] in replaced
    assert (status, code) == (200, 0)


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGINT])
def test_a_terminal_that_speaks_to_all_processes_at_once_lets_a_running_stream_end(
    signum: signal.Signals, data: Path, key: str, redis_url: str
) -> None:
    with Running("serve", "--port", "0", "--workers", "2", data=data, environ={"REDIS_URL": redis_url}) as serve:
        serve.wait_for("A Celery worker of its own must run")
        with post(serve, key, stream=True) as reply:
            lines = reply.iter_lines()
            next(lines)
            serve.send_to_all(signum)
            rest = list(lines)
        code = serve.wait()

    assert rest[-2:] == ["data: [DONE]", ""]
    assert code == 0
    assert "Traceback" not in serve.output
    assert "resource_tracker" not in serve.output


def test_workers_that_keep_dying_are_replaced_later_and_later() -> None:
    assert [pause_after(deaths) for deaths in range(1, 8)] == [0.25, 0.5, 1, 2, 4, 5, 5]


def requests_counted(serve: Running) -> float:
    """The sum over the workers, as a new connection is told it."""
    text = httpx.get(f"{serve.url}/metrics", trust_env=False, timeout=PATIENCE_SECONDS).text
    samples = [line for line in text.splitlines() if line.startswith("plexus_requests_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in samples)


def test_a_head_of_twenty_megabytes_takes_no_memory(data: Path, key: str) -> None:
    with Running("serve", "--port", "0", data=data) as serve:
        serve.wait_for(READY)
        with post(serve, key) as reply:
            reply.read()
        before = resident_kib(serve)
        answers = [send_large_head(serve) for _ in range(10)]
        growth = resident_kib(serve) - before
        serve.stop()

    assert answers == [b"HTTP/1.1 431"] * 10
    assert growth < 5 * 1024


def send_large_head(serve: Running) -> bytes:
    """The beginning of the answer to it."""
    with socket.create_connection(("127.0.0.1", int(serve.url.rpartition(":")[2])), PATIENCE_SECONDS) as connection:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(b"GET / HTTP/1.1\r\nX-Large: " + b"x" * 20_000_000)
        return connection.recv(12)


def resident_kib(serve: Running) -> int:
    status = Path(f"/proc/{serve.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def workers_of(serve: Running) -> list[int]:
    """The process ids of the workers, oldest first."""
    children = Path(f"/proc/{serve.process.pid}/task/{serve.process.pid}/children").read_text().split()
    command_lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return sorted(pid for pid, line in command_lines.items() if b"spawn_main" in line)


def wait_until_changed(serve: Running, before: list[int]) -> list[int]:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        now = workers_of(serve)
        if len(now) == len(before) and now != before:
            return now
        time.sleep(0.05)
    pytest.fail("The dead worker was not replaced.")
