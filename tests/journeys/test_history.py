"""What is kept of a request, and what never is."""

import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from history.models import RequestLog
from tests.faulty_upstream import an_unused_port
from tests.gateways import RunningGateway, eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_recorded_with_who_what_how_long_and_how_much(gateway: RunningGateway, stream: bool) -> None:
    model = gateway.model("openai", "gpt-4o-mini", input_usd_per_mtok=Decimal(3), output_usd_per_mtok=Decimal("12.5"))
    alias = gateway.alias("fast", model, synonyms=("quick",))
    began = time.time()

    reply = gateway.ask("quick", "one two three four", stream=stream)

    row = gateway.row(reply)
    assert (row.requested_model, row.alias, row.alias_id) == ("quick", "fast", alias.pk)
    assert (row.provider, row.model, row.target_id) == ("openai", "gpt-4o-mini", alias.targets.get().pk)
    assert (row.key_name, row.client_address, row.api_type) == ("a test", "127.0.0.1", "chat")
    assert (row.outcome, row.status, row.streamed, row.finish_reason) == ("ok", 200, stream, "stop")
    assert (row.error_code, row.error) == ("", "")
    assert (row.input_tokens, row.output_tokens) == (4, 4)
    assert row.cost_usd == Decimal("0.000062")
    assert row.first_byte_ms is not None
    assert 0 < row.first_byte_ms <= row.latency_ms < 10_000
    assert began - 1 < row.started_at.timestamp() < began + 10
    assert row.request_bytes > 50
    assert row.answer_bytes > 100
    attempt = row.attempts.get()
    assert (attempt.number, attempt.provider, attempt.model) == (1, "openai", "gpt-4o-mini")
    assert (attempt.outcome, attempt.status, attempt.condition) == ("ok", 200, "")
    assert attempt.url == f"{gateway.upstream.url}/chat/completions"
    assert attempt.upstream_request_id == "req_upstream_1"


def test_a_price_that_nobody_told_us_is_unknown_and_not_zero(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("house", "our-own-model"))

    row = gateway.row(gateway.ask("fast"))

    assert row.input_tokens == 1
    assert row.cost_usd is None


def test_embeddings_and_completions_are_recorded_as_what_they_are(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    embedding = gateway.row(gateway.post("/v1/embeddings", json={"model": "fast", "input": "one two"}))
    completion = gateway.row(gateway.post("/v1/completions", json={"model": "fast", "prompt": "one two three"}))

    assert (embedding.api_type, embedding.input_tokens, embedding.output_tokens) == ("embeddings", 2, 0)
    assert (completion.api_type, completion.input_tokens, completion.output_tokens) == ("completions", 3, 3)


def test_a_refusal_is_recorded_with_its_reason(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model(gateway.provider("off", enabled=False), "a"))
    narrow = gateway.new_key("narrow", allowed=[])
    json_type = {"content-type": "application/json"}

    unknown = gateway.row(gateway.ask("nothing"))
    nobody = gateway.row(gateway.ask("fast"))
    not_allowed = gateway.row(gateway.ask("fast", key=narrow))
    no_json = gateway.row(gateway.post("/v1/chat/completions", content=b"{", headers=json_type))
    no_type = gateway.row(gateway.post("/v1/chat/completions", content=b"{}", headers={"content-type": "text/plain"}))

    rows = [unknown, nobody, not_allowed, no_json, no_type]
    assert [(row.outcome, row.status, row.error_code, row.requested_model) for row in rows] == [
        ("refused", 404, "model_not_found", "nothing"),
        ("refused", 503, "no_enabled_targets", "fast"),
        ("refused", 403, "model_not_allowed", "fast"),
        ("refused", 400, "invalid_json", ""),
        ("refused", 415, "unsupported_media_type", ""),
    ]
    assert {row.attempt_count for row in rows} == {0}
    assert (nobody.alias, nobody.alias_id) == ("fast", alias.pk)
    assert nobody.left_out == "off/a: the provider “off” is disabled"
    assert (no_json.key_name, not_allowed.key_name) == ("a test", "narrow")


def test_a_refusal_names_the_alias_that_the_key_may_not_use_and_the_answer_does_not(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"), synonyms=("quick",))
    narrow = gateway.new_key("narrow", allowed=[])

    reply = gateway.ask("quick", key=narrow)
    row = gateway.row(reply)

    assert (row.error_code, row.requested_model, row.alias, row.alias_id) == (
        "model_not_allowed",
        "quick",
        "fast",
        alias.pk,
    )
    assert "fast" not in reply.text
    assert "x-plexus-alias" not in reply.headers


@pytest.mark.parametrize(
    ("model", "status", "code", "upstream_status", "condition"),
    [
        ("status-500", 502, "upstream_error", 500, "server_error"),
        ("status-429", 429, "upstream_rate_limited", 429, "rate_limited"),
        ("status-400", 400, "upstream_rejected", 400, "rejected"),
        ("html", 502, "upstream_protocol_error", 200, "protocol"),
        ("hang-up", 502, "upstream_disconnected", None, "connection"),
    ],
)
def test_a_failure_is_recorded_with_what_the_upstream_did(
    gateway: RunningGateway, model: str, status: int, code: str, upstream_status: int | None, condition: str
) -> None:
    gateway.alias("fast", gateway.model("openai", model))

    row = gateway.row(gateway.ask("fast"))

    assert (row.outcome, row.status, row.error_code) == ("failed", status, code)
    assert (row.provider, row.model, row.input_tokens, row.cost_usd) == ("openai", model, None, None)
    for attempt in eventually(lambda: list(row.attempts.all())):
        assert (attempt.outcome, attempt.status, attempt.condition) == ("failed", upstream_status, condition)
        assert attempt.error


def test_when_nobody_could_be_connected_to_every_try_is_recorded(gateway: RunningGateway) -> None:
    url = f"http://127.0.0.1:{an_unused_port()}/v1"
    models = [gateway.model(gateway.provider(name, url=url), "a") for name in ("gone", "away")]
    gateway.alias("fast", *models, selector="in_order")

    row = gateway.row(gateway.ask("fast"))

    assert (row.outcome, row.status, row.error_code) == ("failed", 502, "upstream_connect_error")
    assert [(one.number, one.provider, one.status) for one in row.attempts.all()] == [
        (1, "gone", None),
        (2, "away", None),
        (3, "gone", None),
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"enabled": False}, "key_disabled"), ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "key_expired")],
)
def test_the_use_of_a_key_that_is_no_longer_good_is_kept(
    gateway: RunningGateway, fields: dict[str, Any], code: str
) -> None:
    key = gateway.new_key("an old one", **fields)

    row = gateway.row(gateway.ask("fast", key=key))

    assert (row.outcome, row.status, row.error_code, row.key_name) == ("refused", 403, code, "an old one")


def test_a_flood_of_unknown_keys_fills_no_disk(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    for number in range(20):
        gateway.ask("fast", key=f"sk-plx-guess-{number}")
    gateway.row(gateway.ask("fast"))

    assert RequestLog.objects.count() == 1


def test_each_request_is_recorded_once(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    ids = {gateway.ask("fast", stream=number % 2 == 0).headers["x-request-id"] for number in range(30)}

    eventually(lambda: RequestLog.objects.count() >= 30)
    assert {str(pk) for pk in RequestLog.objects.values_list("pk", flat=True)} == ids


def test_ids_sort_by_time(gateway: RunningGateway) -> None:
    ids = []
    for _ in range(3):
        ids.append(gateway.ask("nothing").headers["x-request-id"])
        time.sleep(0.002)

    assert ids == sorted(ids)


def test_no_word_of_a_prompt_an_answer_or_a_key_is_kept_anywhere(gateway: RunningGateway) -> None:
    canary = "kanarie-7f3a"
    provider = gateway.provider("openai", credential=f"sk-upstream-{canary}")
    behaviours = ["gpt-4o-mini", "status-400", "status-500", "echo-key", "html", "cut-after-3", "error-in-stream"]
    for name in behaviours:
        gateway.model(provider, name)
    asked = [
        gateway.ask(f"openai/{name}", f"{canary} is my secret", stream=stream, user=canary, tools=[{"x": canary}])
        for name in behaviours
        for stream in (False, True)
    ]
    headers = {"content-type": "application/json", "cookie": canary, "user-agent": canary, "traceparent": canary}
    bad_bodies = [f"{canary} is no json", json.dumps({"model": "nothing", "messages": canary})]
    asked += [gateway.post("/v1/chat/completions", content=body, headers=headers) for body in bad_bodies]
    asked.append(gateway.post("/v1/embeddings", json={"model": "openai/gpt-4o-mini", "input": canary}))
    asked.append(gateway.post("/v1/completions", json={"model": "openai/gpt-4o-mini", "prompt": canary}))

    for reply in asked:
        gateway.row(reply)

    assert asked[0].text.count(canary) == 1, "the answer repeats the prompt, so there was something to keep"
    kept = everything_kept()
    assert "req_upstream_1" in kept
    assert canary not in kept
    assert gateway.key not in kept


def everything_kept() -> str:
    """Every column of every row of every table, as text."""
    with connection.cursor() as cursor:
        rows: list[str] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows.extend(str(row) for row in cursor.fetchall())
    return "\n".join(rows)
