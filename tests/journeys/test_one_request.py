"""From URL to history row."""

import json

import pytest

from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_name_finds_its_model(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    reply = gateway.ask("fast", "Hello!")

    assert reply.status_code == 200, reply.text
    assert reply.json()["choices"][0]["message"]["content"]
    assert reply.headers["x-plexus-provider"] == "openai"
    assert reply.headers["x-plexus-model"] == "gpt-4o-mini"
    assert reply.headers["x-plexus-alias"] == "fast"
    assert reply.headers["x-plexus-attempts"] == "1"
    row = gateway.row(reply)
    assert (row.requested_model, row.alias, row.provider, row.model) == ("fast", "fast", "openai", "gpt-4o-mini")


def test_a_stream_is_relayed_event_by_event(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    reply = gateway.ask("fast", "Hello!", stream=True)

    events = [line.removeprefix("data: ") for line in reply.text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    assert chunks
    assert all(chunk["choices"] for chunk in chunks), "the usage chunk that nobody asked for is hidden"
    row = gateway.row(reply)
    assert row.streamed
    assert row.outcome == "ok"
    assert row.input_tokens
