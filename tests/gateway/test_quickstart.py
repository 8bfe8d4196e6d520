"""`manage.py quickstart`, as a process: the first minute, and every later one."""

import contextlib
import os
import re
import select
import signal
import socket
import sqlite3
import stat
import subprocess
import time
from contextlib import closing
from pathlib import Path

import httpx
import openai
import pytest

from plexus_site import first_run
from tests.faulty_upstream import an_unused_port
from tests.gateway.running import PATIENCE_SECONDS, Running

READY = "Ctrl-C ends it"


def quickstart(data: Path, *more: str, **environ: str) -> Running:
    return Running("quickstart", "--port", "0", *more, data=data, environ=environ)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A first run that has ended, without keys of OpenAI or Anthropic. Its data folder stays."""
    with quickstart(tmp_path_factory.mktemp("first"), "--demo-port", "0") as running:
        running.wait_for(READY)
        answer_every_alias(running)
        log_in(running)
        running.stop()
    return running


def answer_every_alias(running: Running) -> None:
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=running.key, max_retries=0) as client:
        for name in ("fast", "quick", "cheap", "smart", "best", "balanced", "rollout"):
            question = client.chat.completions.create(model=name, messages=[{"role": "user", "content": "Hi"}])
            assert "demo/" in (question.choices[0].message.content or "")
        assert len(client.embeddings.create(model="embed", input="Hi").data) == 1


def log_in(running: Running) -> None:
    password = re.search(r"Password +(\S+)", running.output)
    assert password
    with httpx.Client(base_url=running.url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        client.get("/admin/login/")
        form = {
            "username": "admin",
            "password": password[1],
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
            "next": "/admin/auth/user/",
        }
        assert client.post("/admin/login/", data=form).status_code == 302
        assert client.get("/admin/").status_code == 200


def test_a_first_run_asks_a_real_question_and_ends_cleanly(first: Running) -> None:
    assert re.search(r"Served by demo/small in \d+ ms, 1 attempt, request \S+", first.output)
    assert "Hello! I am demo/small" in first.output
    assert first.exit_code == 0
    assert "Traceback" not in first.output
    assert "WARNING" not in first.output


def test_a_first_run_shows_what_to_try_next(first: Running) -> None:
    assert f"curl -N {first.url}/v1/chat/completions" in first.output
    assert f'OpenAI(base_url="{first.url}/v1", api_key="{first.key}")' in first.output
    assert f"{first.url}/admin/" in first.output


def test_the_history_of_a_first_run_is_kept(first: Running) -> None:
    assert first.rows("SELECT count(*), min(outcome), max(outcome) FROM history_requestlog") == [(9, "ok", "ok")]


def test_the_examples_show_weights_an_order_percentages_and_synonyms(first: Running) -> None:
    weights = first.rows(
        "SELECT a.name, a.selector, a.weight_mode, m.name, t.weight FROM routing_target t"
        " JOIN routing_alias a ON a.id = t.alias_id JOIN providers_providermodel m ON m.id = t.model_id"
        " ORDER BY a.name, t.position"
    )

    assert weights == [
        ("balanced", "in_order", "relative", "medium", None),
        ("balanced", "in_order", "relative", "small", None),
        ("embed", "random", "relative", "embed", None),
        ("fast", "random", "relative", "small", None),
        ("rollout", "random", "percent", "medium", 95),
        ("rollout", "random", "percent", "large", 5),
        ("smart", "random", "relative", "large", 70),
        ("smart", "random", "relative", "medium", 30),
    ]
    assert first.rows("SELECT name FROM routing_synonym ORDER BY name") == [("best",), ("cheap",), ("quick",)]


def test_a_second_run_changes_nothing(first: Running) -> None:
    tables = (
        "auth_user",
        "gateway_clientkey",
        "providers_provider",
        "providers_providermodel",
        "routing_alias",
        "routing_target",
    )
    before = {table: first.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables}

    with quickstart(first.data) as second:
        second.wait_for("Served by demo/small")
        second.wait_for(READY)
        code = second.stop(signal.SIGTERM)

    assert code == 0
    assert {table: first.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables} == before
    assert "Password" not in second.output
    assert "API key" not in second.output
    assert "$PLEXUS_KEY" in second.output


def test_a_later_run_makes_no_key_and_leaves_no_event(first: Running) -> None:
    before = first.rows("SELECT kind, subject FROM gateway_auditevent ORDER BY id")

    with quickstart(first.data) as later:
        later.wait_for(READY)
        later.stop()

    assert ("key made", "quickstart") in before
    assert later.rows("SELECT kind, subject FROM gateway_auditevent ORDER BY id") == before
    assert later.rows("SELECT key_name, client_address, outcome FROM history_requestlog ORDER BY id DESC LIMIT 1") == [
        ("command: quickstart", "command", "ok")
    ]


def test_a_misspelt_setting_is_said_before_anything_else(first: Running) -> None:
    with quickstart(first.data, PLEXUS_HISTORY_FLUSH_SECOND="1") as running:
        running.wait_for(READY)
        running.stop()

    assert "PLEXUS_HISTORY_FLUSH_SECOND is no setting; did you mean PLEXUS_HISTORY_FLUSH_SECONDS?" in running.output


def test_what_the_user_deleted_or_changed_stays_so(new: Path) -> None:
    with quickstart(new) as running:
        running.wait_for(READY)
        running.stop()
    with closing(sqlite3.connect(new / "plexus.sqlite3")) as connection, connection:
        connection.execute(
            "UPDATE providers_endpoint SET base_url = 'http://127.0.0.1:9/v1' WHERE api_type = 'embeddings'"
        )
        connection.execute("UPDATE auth_user SET username = 'grace'")
        for table in ("routing_target", "routing_synonym", "routing_claimedname", "routing_alias"):
            connection.execute(f"DELETE FROM {table}")

    with quickstart(new) as again:
        again.wait_for(READY)
        code = again.stop()

    assert code == 0
    assert "No alias leads to the demo any more" in again.output
    assert again.rows("SELECT count(*) FROM routing_alias") == [(0,)]
    assert again.rows("SELECT username FROM auth_user") == [("grace",)]
    assert ("http://127.0.0.1:9/v1",) in again.rows("SELECT base_url FROM providers_endpoint")


def test_a_taken_demo_port_is_changed_for_a_free_one(first: Running) -> None:
    ports = {int(url.split(":")[2].split("/")[0]) for (url,) in first.rows("SELECT base_url FROM providers_endpoint")}  # type: ignore[attr-defined]
    (port,) = ports

    with socket.create_server(("127.0.0.1", port)), quickstart(first.data) as moved:
        moved.wait_for("Served by demo/small")
        moved.wait_for(READY)
        moved.stop()

    assert f"(port {port} is taken)" in moved.output
    assert not [url for (url,) in moved.rows("SELECT base_url FROM providers_endpoint") if f":{port}/" in str(url)]


def test_a_second_one_on_the_same_folder_is_told_where_the_first_runs_and_changes_nothing(new: Path) -> None:
    with quickstart(new, "--demo-port", "0") as running:
        running.wait_for(READY)
        before = running.rows("SELECT * FROM providers_endpoint ORDER BY id")

        with (
            quickstart(new) as elsewhere,
            Running("quickstart", "--port", running.url.rpartition(":")[2], data=new) as same,
        ):
            codes = [elsewhere.wait(), same.wait()]

        told = (
            f"Plexus runs already on this data directory ({running.url}, process {running.process.pid}). "
            "Open it, stop it, or set PLEXUS_DATA_DIR to another folder."
        )
        assert codes == [1, 1]
        assert told in elsewhere.output
        assert told in same.output
        assert running.rows("SELECT * FROM providers_endpoint ORDER BY id") == before
        answer_every_alias(running)
        running.stop()


def test_the_folder_of_one_that_was_killed_is_free(new: Path) -> None:
    with quickstart(new) as killed:
        killed.wait_for(READY)
        killed.stop(signal.SIGKILL)

    with quickstart(new) as after:
        after.wait_for(READY)

        assert after.stop() == 0


def test_keys_in_the_environment_become_providers_by_reference(new: Path) -> None:
    with quickstart(new, OPENAI_API_KEY="sk-secret-1", ANTHROPIC_API_KEY="sk-secret-2") as running:
        running.wait_for(READY)
        running.stop()

    assert running.rows("SELECT name, credential FROM providers_provider ORDER BY name") == [
        ("anthropic", "$ANTHROPIC_API_KEY"),
        ("demo", ""),
        ("openai", "$OPENAI_API_KEY"),
    ]
    assert "openai, since OPENAI_API_KEY is set" in running.output
    assert "sk-secret" not in running.output
    assert not any(b"sk-secret" in file.read_bytes() for file in new.rglob("*") if file.is_file())


def test_a_deleted_provider_is_not_offered_again_and_one_may_refuse_them_all(new: Path) -> None:
    with quickstart(new, "--no-providers", OPENAI_API_KEY="sk-secret-1") as without:
        without.wait_for(READY)
        without.stop()
    names_without = without.rows("SELECT name FROM providers_provider")
    with quickstart(new, OPENAI_API_KEY="sk-secret-1") as offered:
        offered.wait_for(READY)
        offered.stop()
    with closing(sqlite3.connect(new / "plexus.sqlite3")) as connection, connection:
        connection.execute("UPDATE providers_provider SET name = 'mine' WHERE name = 'openai'")

    with quickstart(new, OPENAI_API_KEY="sk-secret-1") as again:
        again.wait_for(READY)
        again.stop()

    assert names_without == [("demo",)]
    assert again.rows("SELECT name FROM providers_provider ORDER BY name") == [("demo",), ("mine",)]


def test_loopback_that_is_not_allowed_is_said_in_a_sentence(tmp_path: Path) -> None:
    with quickstart(tmp_path, PLEXUS_PRIVATE_UPSTREAMS="10.0.0.0/8") as refused:
        assert refused.wait() == 1

    assert "PLEXUS_PRIVATE_UPSTREAMS" in refused.output
    assert "Traceback" not in refused.output


def test_a_closed_terminal_ends_it_cleanly(new: Path) -> None:
    with quickstart(new) as running:
        running.wait_for(READY)
        code = running.stop(signal.SIGHUP)

    assert code == 0
    assert running.rows("SELECT outcome FROM history_requestlog") == [("ok",)]


def test_a_reader_that_leaves_does_not_stop_it(new: Path) -> None:
    port = an_unused_port()
    running = Running("quickstart", "--port", str(port), data=new)
    with subprocess.Popen(
        running.command, env=running.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        wait_until_it_answers(f"http://127.0.0.1:{port}/livez")
        process.send_signal(signal.SIGINT)
        complaints = process.stderr.read()

    assert process.returncode == 0
    assert b"Traceback" not in complaints


def wait_until_it_answers(url: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, trust_env=False, timeout=PATIENCE_SECONDS).status_code == 200:
                return
        time.sleep(0.05)
    pytest.fail(f"{url} does not answer.")


def test_at_a_terminal_it_asks_before_it_adds_a_provider(new: Path) -> None:
    running = Running("quickstart", "--port", "0", "--no-browser", data=new, environ={"OPENAI_API_KEY": "sk-secret"})
    ours, its = os.openpty()
    with subprocess.Popen(running.command, env=running.environ, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        read_until(ours, b"Add OpenAI as a provider? [Y/n]")
        os.write(ours, b"n\n")
        read_until(ours, READY.encode())
        process.send_signal(signal.SIGINT)
        read_until(ours, b"Plexus has stopped.")
    os.close(ours)

    assert process.returncode == 0
    assert running.rows("SELECT name FROM providers_provider") == [("demo",)]


def read_until(terminal: int, words: bytes) -> None:
    said = b""
    while words not in said:
        ready, _, _ = select.select([terminal], [], [], PATIENCE_SECONDS)
        assert ready, said
        said += os.read(terminal, 4096)


# Before Django


def test_the_first_run_writes_an_env_file_that_allows_loopback(tmp_path: Path) -> None:
    environ: dict[str, str] = {}

    first_run.prepare(["manage.py", "quickstart"], environ, tmp_path)

    assert environ == {"PLEXUS_PRIVATE_UPSTREAMS": "127.0.0.0/8,::1/128"}
    assert "\nPLEXUS_PRIVATE_UPSTREAMS=127.0.0.0/8,::1/128\n" in (tmp_path / ".env").read_text()
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_other_commands_write_no_env_file(tmp_path: Path) -> None:
    environ: dict[str, str] = {}

    first_run.prepare(["manage.py", "serve"], environ, tmp_path)

    assert not environ
    assert not (tmp_path / ".env").exists()


def test_what_the_user_says_about_private_upstreams_stays(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PLEXUS_PRIVATE_UPSTREAMS=10.0.0.0/8\n")
    from_file: dict[str, str] = {}
    from_environment = {"PLEXUS_PRIVATE_UPSTREAMS": ""}

    first_run.prepare(["manage.py", "quickstart"], from_file, tmp_path)
    first_run.prepare(["manage.py", "quickstart"], from_environment, tmp_path / "elsewhere")

    assert from_file == {}
    assert from_environment == {"PLEXUS_PRIVATE_UPSTREAMS": ""}
    assert (tmp_path / ".env").read_text() == "PLEXUS_PRIVATE_UPSTREAMS=10.0.0.0/8\n"


def test_an_env_file_with_other_settings_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PLEXUS_LOG_LEVEL=DEBUG\n")
    environ: dict[str, str] = {}

    first_run.prepare(["manage.py", "quickstart"], environ, tmp_path)

    assert environ == {"PLEXUS_PRIVATE_UPSTREAMS": "127.0.0.0/8,::1/128"}
    assert (tmp_path / ".env").read_text() == "PLEXUS_LOG_LEVEL=DEBUG\n"
