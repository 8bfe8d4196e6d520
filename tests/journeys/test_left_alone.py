"""Who is left alone after failures, for how long, what clients are told meanwhile, and how he comes back."""

import threading
import time
from collections import Counter

import httpx
import pytest

from gateway import runtime
from history.models import RequestLog
from routing.health.outage import OUT_SECONDS
from tests.faulty_upstream import FaultyUpstream, an_unused_port
from tests.gateways import RunningGateway, eventually
from tests.journeys.failing import GOOD, asked, said

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rate_limited_upstream_is_left_alone_and_not_waited_for(gateway: RunningGateway) -> None:
    limited = gateway.model("limited", "status-429-retry-after-60")
    gateway.alias("fast", limited, gateway.model("good", GOOD), selector="in_order")

    replies = [gateway.ask("fast") for _ in range(5)]

    assert [reply.status_code for reply in replies] == [200] * 5
    assert asked(gateway) == {"status-429-retry-after-60": 1, GOOD: 5}
    row = gateway.row(replies[-1])
    assert "limited/status-429-retry-after-60: rate limited" in row.left_out


def test_everybody_rate_limited_is_told_at_once_with_the_shortest_wait(gateway: RunningGateway) -> None:
    behind = [gateway.model("one", "status-429-retry-after-60"), gateway.model("two", "status-429-retry-after-30")]
    gateway.alias("fast", *behind, selector="in_order")

    first, second = gateway.ask("fast"), gateway.ask("fast")

    assert (first.status_code, first.json()["error"]["code"]) == (429, "upstream_says_429")
    assert (second.status_code, second.json()["error"]["code"]) == (429, "upstream_rate_limited")
    assert 15 <= int(second.headers["retry-after"]) <= 45
    assert len(gateway.upstream.seen) == 2
    row = gateway.row(second)
    assert (row.outcome, row.attempt_count) == ("failed", 0)


def test_a_credential_that_is_refused_rests_for_all_its_models(gateway: RunningGateway) -> None:
    refused = gateway.provider("refused")
    gateway.alias("one", gateway.model(refused, "status-401"), gateway.model("good", GOOD), selector="in_order")
    gateway.alias("two", gateway.model(refused, "also"), gateway.model("good2", GOOD), selector="in_order")

    gateway.ask("one")
    reply = gateway.ask("two")

    assert reply.headers["x-plexus-provider"] == "good2"
    assert "refused/also: auth" in gateway.row(reply).left_out


def test_a_new_credential_is_used_at_once(gateway: RunningGateway) -> None:
    refused = gateway.provider("refused")
    gateway.alias("fast", gateway.model(refused, "flaky-1-status-401"))
    statuses = [gateway.ask("fast").status_code for _ in range(2)]

    refused.credential = "sk-a-new-one"
    refused.save()

    assert statuses == [502, 503]
    assert gateway.ask("fast").status_code == 200


def test_three_failures_in_a_row_take_an_upstream_out(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("bad", "status-500"), gateway.model("good", GOOD), selector="in_order")

    replies = [gateway.ask("fast") for _ in range(8)]

    assert {reply.status_code for reply in replies} == {200}
    assert asked(gateway) == {"status-500": 3, GOOD: 8}


def test_streams_that_always_die_in_the_middle_take_their_upstream_out(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("bad", "cut-after-2"), gateway.model("good", GOOD), selector="in_order")

    replies = [gateway.ask("fast", stream=True) for _ in range(6)]

    assert [said(reply.text).startswith("word") for reply in replies] == [True] * 3 + [False] * 3


def test_a_hundred_bad_requests_leave_everybody_in(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("one", "status-400"), selector="in_order")

    replies = Counter(gateway.ask("fast").status_code for _ in range(100))

    assert replies == {400: 100}


def test_a_single_upstream_that_fails_now_and_then_is_never_left_alone(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("bad", "status-500"))

    codes = {gateway.ask("fast").json()["error"]["code"] for _ in range(6)}

    assert codes == {"upstream_error"}


def test_nobody_reachable_for_a_while_fails_fast_and_says_when_to_come_back(gateway: RunningGateway) -> None:
    gone = f"http://127.0.0.1:{an_unused_port()}/v1"
    behind = [gateway.model(gateway.provider(name, url=gone), "a") for name in ("one", "two")]
    gateway.alias("fast", *behind, selector="in_order")

    replies = [gateway.ask("fast") for _ in range(6)]

    # One of them may be a probe, where six requests take seconds.
    last = [reply for reply in replies if reply.headers["x-plexus-attempts"] == "0"][-1]
    assert (last.status_code, last.json()["error"]["code"]) == (503, "upstreams_unavailable")
    assert 1 <= int(last.headers["retry-after"]) <= 30
    assert "127.0.0.1" not in last.text


def test_a_model_asked_for_by_name_that_is_left_alone_fails_under_its_name_and_is_no_refusal(
    gateway: RunningGateway,
) -> None:
    name = "limited/status-429-retry-after-60"
    gateway.model("limited", "status-429-retry-after-60")

    replies = [gateway.ask(name) for _ in range(2)]

    assert [reply.json()["error"]["code"] for reply in replies] == ["upstream_says_429", "upstream_rate_limited"]
    eventually(lambda: RequestLog.objects.count() == 2)
    rows = RequestLog.objects.order_by("id").values_list("alias", "provider", "model", "outcome", "attempt_count")
    assert [*rows] == [("", *name.split("/"), "failed", tries) for tries in (1, 0)]


def test_upstreams_that_die_while_they_are_well_are_asked_a_few_times_and_then_all_is_refused_at_once(
    gateway: RunningGateway,
) -> None:
    with FaultyUpstream() as dying:
        behind = [gateway.model(gateway.provider(name, url=dying.url), GOOD) for name in ("one", "two", "three")]
        gateway.alias("fast", *behind)
        before = {gateway.ask("fast").status_code for _ in range(30)}

    began = time.monotonic()
    after = [gateway.ask("fast") for _ in range(20)]
    seconds = time.monotonic() - began

    refused = [reply for reply in after if reply.headers["x-plexus-attempts"] == "0"]
    tries = sum(int(reply.headers["x-plexus-attempts"]) for reply in after)
    assert before == {200}
    # Three each, and then one each as a probe, where the twenty take longer than they are left alone.
    assert tries <= 9 + 3 * (1 + seconds // OUT_SECONDS[0])
    assert {reply.json()["error"]["code"] for reply in refused} == {"upstreams_unavailable"}


def test_an_upstream_comes_back_by_a_probe(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("sick", "flaky-3-status-500"), gateway.model("good", GOOD), selector="in_order")
    for _ in range(4):
        gateway.ask("fast")

    time.sleep(6.2)
    reply = gateway.ask("fast")

    assert reply.headers["x-plexus-provider"] == "sick"
    assert "as a probe" in gateway.row(reply).attempts.get().why


def test_a_crowd_waits_for_a_short_while_by_one_at_a_time(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("limited", "meet-8-status-429-retry-after-1"))
    statuses: list[int] = []

    crowd = [threading.Thread(target=lambda: statuses.append(gateway.ask("fast").status_code)) for _ in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()

    assert statuses == [429] * 8
    # Those that come together meet the first refusal together; one of them alone waits, and asks again.
    assert sum(row.attempt_count == 2 for row in eventually(lambda: all_rows(8))) == 1


def all_rows(count: int) -> list[RequestLog]:
    rows = list(RequestLog.objects.all())
    return rows if len(rows) == count else []


def test_a_client_that_leaves_harms_nobody_and_counts_nowhere(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("slow", "silence"))
    for _ in range(4):
        with pytest.raises(httpx.TimeoutException):
            gateway.post(
                "/v1/chat/completions",
                json={"model": "fast", "messages": [{"role": "user", "content": "x"}]},
                timeout=0.2,
            )
    health = runtime.current().health.of("slow/silence")

    eventually(lambda: health.in_flight == 0)
    assert health.breaker.failures_in_row == 0
