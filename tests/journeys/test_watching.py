"""/readyz and /metrics of a running gateway."""

import asyncio
import json
import time

import pytest
from django.db import Error
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from gateway import runtime, surroundings
from tests.gateways import RunningGateway, eventually
from tests.journeys.raw_http import chat, connected

pytestmark = pytest.mark.django_db(transaction=True)


def value(gateway: RunningGateway, name: str, **labels: str) -> float:
    """Of one sample in /metrics; 0 where there is none."""
    reply = gateway.get("/metrics", key="")
    assert reply.status_code == 200
    return sum(
        sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def a_stream_of(model: str) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "one two"}], "stream": True}).encode()


def test_requests_and_tokens_appear_under_the_names_of_the_configuration(gateway: RunningGateway) -> None:
    gateway.alias("watched", gateway.model("openai", "gpt-4o-mini"), synonyms=("seen",))

    for name in ("watched", "seen", "openai/gpt-4o-mini"):
        assert gateway.ask(name).status_code == 200
    gateway.ask("no-such-name-anywhere")

    assert value(gateway, "plexus_requests_total", alias="watched", status="2xx") == 2
    assert value(gateway, "plexus_requests_total", alias="", provider="openai", status="2xx") >= 1
    assert value(gateway, "plexus_tokens_total", alias="watched", kind="output") > 0
    assert value(gateway, "plexus_request_duration_seconds_count", provider="openai") >= 3
    assert value(gateway, "plexus_configuration_version", subject="routing_table") >= 1
    assert value(gateway, "plexus_workers") == 1
    assert "no-such-name" not in gateway.get("/metrics", key="").text


def test_from_elsewhere_the_figures_need_a_token_and_the_refusal_says_so(
    gateway: RunningGateway, settings: Settings
) -> None:
    through_a_proxy = {"x-forwarded-for": "192.0.2.1"}
    refused = gateway.get("/metrics", key="", headers=through_a_proxy)
    settings.PLEXUS_METRICS_TOKEN = "tell-me"
    without = gateway.get("/metrics", key="")
    wrong = gateway.get("/metrics", key="tell-m")
    right = gateway.get("/metrics", key="tell-me", headers=through_a_proxy)

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "metrics_forbidden")
    assert "PLEXUS_METRICS_TOKEN" in refused.json()["error"]["message"]
    assert (without.status_code, wrong.status_code, right.status_code) == (403, 403, 200)


def test_connections_to_upstreams_and_tasks_are_those_of_running_requests(gateway: RunningGateway) -> None:
    gateway.alias("watched-stall", gateway.model("openai", "stall-after-3"))
    before = value(gateway, "plexus_event_loop_tasks")

    with connected(gateway) as connection:
        connection.sendall(chat(gateway, a_stream_of("watched-stall")))
        connection.recv(65536)
        during = (
            value(gateway, "plexus_upstream_connections", state="in_use"),
            value(gateway, "plexus_event_loop_tasks") - before,
        )

    assert during[0] == 1
    assert during[1] >= 1
    assert eventually(lambda: value(gateway, "plexus_upstream_connections", state="in_use") == 0)
    assert eventually(lambda: value(gateway, "plexus_event_loop_tasks") <= before)


def test_a_loop_that_was_held_up_is_noticed(gateway: RunningGateway) -> None:
    async def hold_up() -> None:
        time.sleep(0.4)  # noqa: ASYNC251  on purpose

    asyncio.run_coroutine_threadsafe(hold_up(), runtime.current().loop).result(60)

    assert eventually(lambda: value(gateway, "plexus_event_loop_lag_seconds") > 0.1)


def test_a_database_that_is_gone_is_told_without_being_asked_and_when_it_is_back_too(
    gateway: RunningGateway, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(words: str) -> bool:
        reply = gateway.get("/readyz", key="")
        assert reply.status_code == 200
        return words in reply.text

    assert said('"status":"ready"')
    settings.PLEXUS_TABLE_POLL_SECONDS = 0.02
    # Taking the database away for good would take it from the test too: only the edge that asks it is deaf.
    neighbour = runtime.current()._surroundings._neighbours[0]
    with monkeypatch.context() as deaf:
        deaf.setattr(neighbour, "_ask", _raise_error)
        eventually(lambda: said('"status":"degraded"') and said("The database has not answered"))

    eventually(lambda: said('"status":"ready"'))


def _raise_error() -> None:
    raise Error("gone")


def test_the_watch_asks_the_real_database(gateway: RunningGateway) -> None:
    surroundings._ask_database()

    assert eventually(lambda: "database" in gateway.get("/readyz", key="").json()["silent_seconds"])
