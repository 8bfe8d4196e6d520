"""Probes, sent for real: to a fake provider on loopback, recorded in the database, told to a gateway that runs."""

import time
from typing import Any

import pytest
from django.db import Error, connection
from pytest_django import Settings

from gateway import runtime
from gateway.tasks import probe_upstreams
from history.models import RequestLog
from providers.errors import Condition
from providers.verdict import Harm
from tests.faulty_upstream import FaultyUpstream
from tests.gateways import RunningGateway, eventually
from tests.routing.health.scenes import a_verdict, ask

pytestmark = pytest.mark.django_db(transaction=True)


def provide(gateway: RunningGateway, name: str = "small", **fields: Any) -> str:  # Any: any field's value
    provider = gateway.provider("acme", **fields)
    gateway.model(provider, name)
    return f"acme/{name}"


def reason(key: str) -> str:
    return runtime.current().health.of(key).standing(time.monotonic()).reason


def test_nobody_is_probed_who_did_not_ask_for_it(gateway: RunningGateway, upstream: FaultyUpstream) -> None:
    provide(gateway)

    probe_upstreams()

    assert not RequestLog.objects.exists()
    assert len(upstream.requests) == 0


def test_a_probe_is_recorded_with_its_tokens_under_a_name_of_its_own(gateway: RunningGateway) -> None:
    provide(gateway, probe_every_seconds=30)

    probe_upstreams()

    row = RequestLog.objects.get()
    assert (row.key_name, row.provider, row.model, row.status, row.outcome) == ("probe", "acme", "small", 200, "ok")
    assert row.output_tokens is not None
    assert row.attempts.get().status == 200


def test_a_failed_probe_opens_the_upstream_in_the_gateway(gateway: RunningGateway) -> None:
    key = provide(gateway, "status-500", probe_every_seconds=30)

    probe_upstreams()

    assert eventually(lambda: "failed" in reason(key))
    assert RequestLog.objects.get().error_code == "upstream_error"


def test_a_probe_that_is_answered_ends_a_rest_for_an_unknown_model(gateway: RunningGateway) -> None:
    key = provide(gateway, probe_every_seconds=30)
    present = runtime.current()
    unknown = a_verdict(Harm.REST, Condition.MODEL_NOT_FOUND, rest_seconds=300.0)
    # As old as a letter may become, so that the probe can have been begun after it.
    present.loop.call_soon_threadsafe(lambda: ask(present.health.of(key), time.monotonic() - 10, unknown, takes=0.0))
    eventually(lambda: "model not found" in reason(key))

    probe_upstreams()

    assert eventually(lambda: not reason(key))


def test_an_upstream_is_not_probed_again_before_its_time(gateway: RunningGateway, upstream: FaultyUpstream) -> None:
    provide(gateway, probe_every_seconds=30)

    probe_upstreams()
    probe_upstreams()

    assert len(upstream.seen) == 1


def test_the_provider_gets_its_own_key_and_one_token_to_say(gateway: RunningGateway, upstream: FaultyUpstream) -> None:
    provide(gateway, probe_every_seconds=30)

    probe_upstreams()

    assert b'"max_tokens":1' in upstream.last.body
    assert upstream.last.header("authorization") == "Bearer sk-acme-secret"


def test_a_provider_without_an_answer_stops_neither_the_others_nor_the_task(
    gateway: RunningGateway, upstream: FaultyUpstream
) -> None:
    provide(gateway, probe_every_seconds=30)
    gone = gateway.provider("gone", url="http://127.0.0.1:1/v1", probe_every_seconds=30)
    gateway.model(gone, "small")

    probe_upstreams()

    rows = {row.provider: row.outcome for row in RequestLog.objects.all()}
    assert rows == {"acme": "ok", "gone": "failed"}


def test_beat_looks_whom_to_probe_and_drops_looks_that_nobody_took(settings: Settings) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["probe-upstreams"]

    assert entry["task"] == probe_upstreams.name
    assert (entry["schedule"], entry["options"]["expires"]) == (10.0, 10.0)


def test_while_the_database_is_away_nobody_is_probed_and_nothing_fails(
    gateway: RunningGateway, upstream: FaultyUpstream
) -> None:
    provide(gateway, probe_every_seconds=30)

    def away(*arguments: object) -> None:
        raise Error("gone")

    with connection.execute_wrapper(away):
        probe_upstreams()

    assert upstream.seen == []
