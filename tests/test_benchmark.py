"""The benchmark's parts: programs that build and talk to each other, accounts that add up, figures that say what they mean."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from benchmarks import accounting, figures, programs, report, requests, run
from benchmarks.contenders import CONTENDERS, Workplace, litellm, portkey
from benchmarks.failures import Absent, CannotMeasure
from benchmarks.figures import CPU_PER_CHUNK, CPU_PER_REQUEST, DELAY, ERRORS, KIB_PER_STREAM, P99
from benchmarks.measures import REQUESTS_1KB
from benchmarks.processes import Server, free_port, serving
from benchmarks.run import Outcome, Plan

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
needs_compiler = pytest.mark.skipif(which("cc") is None, reason="there is no C compiler")

Rounds = dict[str, dict[str, list[Mapping[str, float]]]]


# The programs


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the compiled programs."""
    return programs.build(tmp_path_factory.mktemp("programs"))


@pytest.fixture
def upstream(built: Path, tmp_path: Path) -> Iterator[Server]:
    """The benchmark's own upstream."""
    port = free_port()
    with serving([str(built / "upstream"), str(port)], port=port, log=tmp_path / "log") as running:
        yield running


def request_file(folder: Path, port: int, body: bytes) -> Path:
    file = folder / "request"
    file.write_bytes(requests.http_request(port, "/v1/chat/completions", {}, body))
    return file


@needs_compiler
def test_as_many_requests_are_answered_as_were_asked_for(built: Path, upstream: Server, tmp_path: Path) -> None:
    file = request_file(tmp_path, upstream.port, requests.whole(request_bytes=1024, answer_bytes=1024))

    load = programs.load_requests(built, upstream.port, file, connections=4, seconds=50, most_requests=500)

    assert (load.requests, load.errors, load.first_error) == (500, 0, "")
    assert 0 < load.p50_us <= load.p99_us <= load.max_us


@needs_compiler
def test_bodies_larger_than_a_socket_buffer_pass_both_ways(built: Path, upstream: Server, tmp_path: Path) -> None:
    large = 8 * 1024 * 1024
    file = request_file(tmp_path, upstream.port, requests.whole(request_bytes=large, answer_bytes=large))

    load = programs.load_requests(built, upstream.port, file, connections=2, seconds=50, most_requests=4)

    assert (load.requests, load.errors) == (4, 0)


@needs_compiler
def test_a_rate_is_kept_and_not_exceeded(built: Path, upstream: Server, tmp_path: Path) -> None:
    file = request_file(tmp_path, upstream.port, requests.whole(request_bytes=1024, answer_bytes=1024))

    load = programs.load_requests(built, upstream.port, file, connections=8, seconds=2, per_second=100)

    assert load.errors == 0
    assert 190 <= load.requests <= 200


@needs_compiler
def test_an_answer_that_is_no_success_is_an_error_in_the_servers_words(
    built: Path, tmp_path: Path, upstream: Server
) -> None:
    nobody = free_port()
    file = request_file(tmp_path, nobody, requests.whole(request_bytes=1024, answer_bytes=1024))

    load = programs.load_requests(built, nobody, file, connections=1, seconds=0.2)

    assert load.requests == 0
    assert load.errors > 0
    assert load.first_error == "connection refused"


@needs_compiler
def test_every_chunk_of_every_stream_is_counted(built: Path, upstream: Server, tmp_path: Path) -> None:
    body = requests.stream(chunks_per_second=100, after_seconds=0.2, lasts_seconds=20)
    file = request_file(tmp_path, upstream.port, body)

    with programs.open_streams(
        built, upstream.port, file, streams=50, opened_per_second=1000, settle_seconds=0.5, seconds=2
    ) as streaming:
        load = streaming.measured()

    assert (load.streams, load.errors) == (50, 0)
    assert load.chunks == pytest.approx(50 * 100 * load.seconds, rel=0.5)  # a busy machine ends a window late


@needs_compiler
def test_the_answer_has_the_size_that_was_asked_for_and_is_json(upstream: Server) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", upstream.port, timeout=60)

    connection.request("POST", "/", requests.whole(request_bytes=1024, answer_bytes=2048))
    body = connection.getresponse().read()

    connection.close()
    assert len(body) == 2048
    assert json.loads(body)["choices"][0]["finish_reason"] == "stop"


def test_a_request_has_the_size_that_was_asked_for() -> None:
    assert len(requests.whole(request_bytes=1024, answer_bytes=1)) == 1024
    assert len(requests.whole(request_bytes=102_400, answer_bytes=102_400)) == 102_400


def test_without_a_compiler_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CannotMeasure, match="apt-get install gcc"):
        programs.build(tmp_path)


# Accounts


def test_cpu_time_of_a_tree_is_what_its_processes_used() -> None:
    # A child that burns CPU in a thread that ends, then in its main thread, and says how much it was.
    burn = (
        "import sys, threading, time\n"
        "def burn():\n"
        "    until = time.thread_time() + 0.15\n"
        "    while time.thread_time() < until: pass\n"
        "thread = threading.Thread(target=burn); thread.start(); thread.join(); burn()\n"
        "print(time.process_time(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        said = float(process.stdout.readline())

        spent = accounting.spent(process.pid)
        of_child = accounting.process_ns(accounting.tree(process.pid)[1]) / 1e9

        process.kill()

    assert of_child == pytest.approx(said, rel=0.05)
    assert spent.all_ns / 1e9 > of_child
    assert spent.main_thread_ns <= spent.all_ns


def test_memory_and_threads_of_a_tree_are_seen() -> None:
    hold = (
        "import sys, threading\n"
        "block = b'x' * (64 << 20)\n"
        "for _ in range(3): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        process.stdout.readline()

        held = accounting.held(process.pid)

        process.kill()

    assert held.kib > 64 * 1024
    assert (held.threads, held.processes) == (4, 1)


def test_what_has_ended_costs_nothing_more() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert accounting.spent(process.pid).all_ns == 0
    assert accounting.held(process.pid).kib == 0


# Processes


def test_a_server_is_gone_after_its_block_and_so_is_what_it_started(tmp_path: Path) -> None:
    port = free_port()
    server = (
        "import http.server, subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        f"http.server.HTTPServer(('127.0.0.1', {port}), http.server.BaseHTTPRequestHandler).serve_forever()\n"
    )

    with serving([sys.executable, "-c", server], port=port, log=tmp_path / "log") as running:
        everybody = accounting.tree(running.pid)

    assert len(everybody) == 2
    assert all(map(accounting.has_ended, everybody))


def test_a_server_that_dies_at_once_is_said_with_its_last_words(tmp_path: Path) -> None:
    dying = [sys.executable, "-c", "import sys; sys.exit('no such luck')"]

    with (
        pytest.raises(CannotMeasure, match="no such luck"),
        serving(dying, port=free_port(), log=tmp_path / "log"),
    ):
        pass


@pytest.mark.parametrize("name", [litellm.NAME, portkey.NAME])
def test_a_rival_that_is_not_installed_is_absent_with_the_cure(name: str, tmp_path: Path) -> None:
    with pytest.raises(Absent, match="--install-rivals"):
        CONTENDERS[name](Workplace(folder=tmp_path, rivals=tmp_path, upstream_port=1))


def test_without_nginx_it_is_absent_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("benchmarks.contenders.nginx.SYSTEM_FOLDERS", str(tmp_path))

    with pytest.raises(Absent, match="apt-get install nginx"):
        CONTENDERS["nginx"](Workplace(folder=tmp_path, rivals=tmp_path, upstream_port=1))


# Figures


def steady(cpu: float, metric: str = CPU_PER_REQUEST, **others: float) -> list[Mapping[str, float]]:
    """Three rounds within two percent of each other."""
    return [{metric: cpu * factor, ERRORS: 0, **others} for factor in (0.99, 1.0, 1.02)]


@pytest.fixture
def samples() -> Rounds:
    return {
        "requests_1kb": {
            "nginx": steady(15),
            "raw": steady(80),
            "plexus": steady(120),
            "litellm": steady(6000),
            "portkey": steady(840),
        },
        "requests_100kb": {"raw": steady(100), "plexus": steady(110)},
        "half_load": {
            "direct": [{P99: 0.2}, {P99: 3.0}, {P99: 0.3}],
            "plexus": [{P99: 1.2}, {P99: 3.5}, {P99: 1.6}],
        },
        "streams_many": {"raw": steady(10, CPU_PER_CHUNK), "plexus": steady(12, CPU_PER_CHUNK)},
        "streams_few": {"plexus": steady(25, CPU_PER_CHUNK), "litellm": steady(500, CPU_PER_CHUNK)},
        "memory": {"plexus": steady(22, KIB_PER_STREAM)},
    }


def test_ratios_are_those_of_the_medians(samples: Rounds) -> None:
    found = figures.ratios(samples)

    assert found["cpu_vs_raw"] == pytest.approx(120 / 80)
    assert found["cpu_vs_nginx"] == pytest.approx(120 / 15)
    assert found["litellm_vs_plexus"] == pytest.approx(6000 / 120)
    assert found["portkey_vs_plexus"] == pytest.approx(7)
    assert found["chunk_vs_raw"] == pytest.approx(1.2)
    assert found["litellm_chunk_vs_plexus"] == pytest.approx(20)
    assert found["body_100kb_vs_raw"] == pytest.approx(1.1)
    assert found["kib_per_stream"] == pytest.approx(22)


def test_added_latency_is_the_median_of_the_differences_within_a_round(samples: Rounds) -> None:
    assert figures.ratios(samples)["p99_added_ms"] == pytest.approx(1.0)


def test_a_ratio_with_a_side_missing_is_none(samples: Rounds) -> None:
    assert figures.ratios(samples)["portkey_chunk_vs_plexus"] is None
    assert set(figures.ratios({}).values()) == {None}


def test_every_goal_is_about_a_ratio_that_there_is() -> None:
    assert {goal.ratio for goal in figures.GOALS} <= set(figures.ratios({}))


def test_the_spread_is_the_farthest_round_from_the_median(samples: Rounds) -> None:
    samples["requests_1kb"]["raw"] = [{CPU_PER_REQUEST: value} for value in (80, 100, 110)]

    assert figures.spread(samples, "requests_1kb", "raw", CPU_PER_REQUEST) == pytest.approx(0.2)
    assert figures.spread(samples, "requests_1kb", "nobody", CPU_PER_REQUEST) is None


def test_steady_figures_without_errors_allow_a_verdict(samples: Rounds) -> None:
    assert figures.objections(samples, {"plexus": 0}) == []


def test_one_error_is_enough_to_refuse_it(samples: Rounds) -> None:
    samples["requests_1kb"]["nginx"][1] = {CPU_PER_REQUEST: 15, ERRORS: 1}

    assert figures.objections(samples, {}) == ["nginx had 1 errors in requests_1kb."]


def test_so_is_a_request_that_the_history_lacks(samples: Rounds) -> None:
    assert "history lacks" in figures.objections(samples, {"plexus": 1})[0]


def test_so_is_a_spread_above_fifteen_percent(samples: Rounds) -> None:
    samples["requests_1kb"]["plexus"] = [{CPU_PER_REQUEST: value} for value in (100, 120, 139)]

    assert "varies by 17%" in figures.objections(samples, {})[0]


def test_so_is_a_machine_too_full_for_the_streams(samples: Rounds) -> None:
    samples["streams_many"]["raw"] = steady(10, CPU_PER_CHUNK, **{DELAY: 70})

    assert "could not keep up" in figures.objections(samples, {})[0]


def test_the_report_names_every_ratio_and_says_which_goals_are_missed(samples: Rounds) -> None:
    samples["requests_1kb"]["plexus"] = steady(200)

    said = "\n".join(report.lines(a_plan(), Outcome(samples=samples), {"cores": 2}, noon()))

    assert all(name in said for name in figures.ratios({}))
    assert "missed" in said
    assert "Verdict: 5 of 9 goals reached, 1 not measured." in said


def test_the_report_says_why_there_is_no_verdict(samples: Rounds) -> None:
    samples["requests_1kb"]["plexus"][0] = {CPU_PER_REQUEST: 120, ERRORS: 2}
    outcome = Outcome(samples=samples, absent={"portkey": "it is not installed."})

    said = list(report.lines(a_plan(), outcome, {}, noon()))

    assert "No verdict. These figures do not support one:" in said
    assert "  plexus had 2 errors in requests_1kb." in said
    assert "Without portkey: it is not installed." in said


def test_the_document_holds_every_figure_as_json(samples: Rounds) -> None:
    document: Any = json.loads(json.dumps(report.document(a_plan(), Outcome(samples=samples), {}, noon())))

    assert document["ratios"]["cpu_vs_raw"] == pytest.approx(1.5)
    assert document["ratios"]["portkey_chunk_vs_plexus"] is None
    assert document["has_verdict"] is True
    raw = document["measures"]["requests_1kb"]["contenders"]["raw"]
    assert raw["median"][CPU_PER_REQUEST] == 80
    assert len(raw["rounds"]) == 3


def a_plan() -> Plan:
    return Plan(contenders=("raw",), measures=(REQUESTS_1KB,), rounds=3, seconds=1, warm_up_seconds=1, memory_rounds=1)


def noon() -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC)


# The whole


def test_both_plans_measure_whole_answers_before_half_of_that_load() -> None:
    for plan in (run.QUICK, run.FULL):
        assert plan.measures[0] is REQUESTS_1KB


def test_the_command_says_in_a_sentence_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CommandError, match="There is no C compiler"):
        call_command("benchmark", quick=True, stdout=StringIO())


@needs_compiler
@pytest.mark.django_db
@pytest.mark.halves("embedded")  # its gateway has a folder and a database of its own
def test_one_round_of_raw_and_plexus_gives_a_ratio_and_loses_nothing(tmp_path: Path) -> None:
    plan = Plan(
        contenders=("raw", "plexus"),
        measures=(REQUESTS_1KB,),
        rounds=1,
        seconds=0.3,
        warm_up_seconds=0.1,
        memory_rounds=0,
    )

    outcome = run.run(plan, tmp_path, say=lambda line: None)

    assert figures.ratios(outcome.samples)["cpu_vs_raw"] is not None
    assert outcome.lost == {"raw": 0, "plexus": 0}
    assert outcome.samples["requests_1kb"]["plexus"][0][ERRORS] == 0
