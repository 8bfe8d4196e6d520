"""PLEXUS_LOG_LEVEL=DEBUG: each routing decision is one line in the log, and no other level has any."""

import logging

import pytest

from tests.gateways import RunningGateway, eventually

pytestmark = pytest.mark.django_db(transaction=True)

LOGGER = "gateway.runtime"


def decisions(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("Request ")]


def test_each_decision_is_one_line_without_prompt_and_key(
    gateway: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    down = gateway.provider("down", url="http://127.0.0.1:1")
    alias = gateway.alias(
        "fast",
        gateway.model(down, "a"),
        gateway.model("openai", "gpt-4o-mini"),
        synonyms=("quick",),
        selector="in_order",
    )
    gateway.target(alias, gateway.model("openai", "old"), enabled=False, position=9)

    with caplog.at_level(logging.DEBUG, LOGGER):
        reply = gateway.ask("quick", "My secret prompt")
        line = eventually(lambda: next(iter(decisions(caplog)), None))

    assert line.startswith(f"Request {reply.headers['x-request-id']} (chat): quick → fast → openai/gpt-4o-mini; ")
    assert "attempts: down/a connect" in line
    assert ", openai/gpt-4o-mini 200 " in line
    assert "left out: openai/old: the target is disabled; ok 200 in " in line
    assert "secret" not in line
    assert gateway.key not in caplog.text


def test_a_stream_and_a_refusal_have_their_line_too(gateway: RunningGateway, caplog: pytest.LogCaptureFixture) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    with caplog.at_level(logging.DEBUG, LOGGER):
        gateway.ask("fast", stream=True)
        gateway.ask("nothing")
        lines = eventually(lambda: decisions(caplog) if len(decisions(caplog)) == 2 else None)

    assert "; ok 200 in " in lines[0]
    assert "attempts: none; left out: nobody; refused 404 model_not_found in " in lines[1]


def test_above_debug_there_is_none(gateway: RunningGateway, caplog: pytest.LogCaptureFixture) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    with caplog.at_level(logging.INFO, LOGGER):
        gateway.row(gateway.ask("fast"))

    assert decisions(caplog) == []
