"""Who is refused, with which status, and what they are told."""

import pytest

from tests.gateways import RunningGateway
from tests.journeys.said import CHAT, GOOD, JSON, told

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_good_key_nobody_gets_in_and_nobody_learns_why(fast: RunningGateway) -> None:
    wrong = ["", "Bearer", "Bearer sk-plx-wrong", "Basic dXNlcjp4", "Bearer ' OR '1'='1", "Bearer " + "x" * 9_000]
    headers = [{}, *({"authorization": value} for value in wrong)]

    replies = [fast.post(CHAT, key="", headers={**JSON, **sent}, content=GOOD) for sent in headers]

    assert {told(reply) for reply in replies} == {(401, "invalid_api_key", None)}
    assert {reply.headers["www-authenticate"] for reply in replies} == {"Bearer"}
    assert len({reply.content for reply in replies}) == 1


def test_near_matches_are_only_those_that_the_key_may_see(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    allowed = gateway.alias("assistant-small", model)
    gateway.alias("assistant-secret", model)
    gateway.alias("assistant-hidden", model, listed=False)
    key = gateway.new_key("narrow", allowed=[allowed])

    narrow = gateway.ask("assistant-smal", key=key).json()["error"]["message"]
    wide = gateway.ask("Assistant-Secret").json()["error"]["message"]
    retrieved = gateway.get("/v1/models/assistant-smal", key=key).json()["error"]["message"]

    assert "“assistant-small”" in narrow
    assert "secret" not in narrow
    assert "hidden" not in narrow
    assert "“assistant-secret”" in wide
    assert "hidden" not in wide
    assert "“assistant-small”" in retrieved


def test_a_wrong_method_is_told_the_right_one(fast: RunningGateway) -> None:
    headers = {"authorization": f"Bearer {fast.key}", "origin": "https://elsewhere.example"}

    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
        reply = fast.client.request(method, CHAT, headers=headers)

        assert told(reply) == (405, "method_not_allowed", None), method
        assert reply.headers["allow"] == "POST"
        assert "access-control-allow-origin" not in reply.headers


def test_models_are_only_got(fast: RunningGateway) -> None:
    reply = fast.post("/v1/models", json={})

    assert told(reply) == (405, "method_not_allowed", None)
    assert reply.headers["allow"] == "GET"


def test_anything_but_plain_json_is_an_unsupported_media_type(fast: RunningGateway) -> None:
    unsupported = [
        {},
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json-seq"},
        {**JSON, "content-encoding": "gzip"},
        {**JSON, "content-encoding": "gzip, br, zstd"},
    ]

    for headers in unsupported:
        reply = fast.post(CHAT, content=GOOD, headers=headers)
        assert told(reply) == (415, "unsupported_media_type", None), headers


def test_json_may_be_said_in_other_spellings(fast: RunningGateway) -> None:
    for content_type in ("application/json; charset=utf-8", "Application/JSON"):
        assert fast.post(CHAT, content=GOOD, headers={"content-type": content_type}).status_code == 200


def test_an_alias_whose_targets_are_all_left_out_says_why(gateway: RunningGateway) -> None:
    off = gateway.provider("off", enabled=False)
    keyless = gateway.provider("keyless", credential="$NOBODY_SET_THIS")
    chat_only = gateway.model("openai", "gpt-4o-mini", api_types=["chat"])
    alias = gateway.alias("fast", gateway.model(off, "a"), gateway.model(keyless, "b"), chat_only)
    gateway.target(alias, gateway.model("openai", "c"), enabled=False, position=9)

    reply = gateway.post("/v1/embeddings", json={"model": "fast", "input": "x"})

    assert told(reply) == (503, "no_enabled_targets", "model")
    message = reply.json()["error"]["message"]
    assert "off/a (the provider “off” is disabled)" in message
    assert "keyless/b (cannot be called as it is configured)" in message
    assert "openai/gpt-4o-mini (does not speak embeddings, only chat)" in message
    assert "openai/c (the target is disabled)" in message


def test_a_model_of_a_disabled_provider_is_known_and_has_no_target(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("off", enabled=False), "a")

    assert told(gateway.ask("off/a")) == (503, "no_enabled_targets", "model")
    assert gateway.ask("off/a").json()["error"]["message"].endswith("See to it under Providers.")


def test_a_name_for_other_endpoints_is_the_callers_to_mend(gateway: RunningGateway) -> None:
    chat_only = gateway.model("openai", "gpt-4o-mini", api_types=["chat"])
    gateway.alias("fast", chat_only, gateway.model("openai", "old", api_types=["completions"]))

    by_alias = gateway.post("/v1/embeddings", json={"model": "fast", "input": "x"})
    directly = gateway.post("/v1/embeddings", json={"model": "openai/gpt-4o-mini", "input": "x"})

    assert told(by_alias) == told(directly) == (400, "unsupported_api_type", "model")
    assert by_alias.json()["error"]["message"] == "“fast” does not do embeddings; it does chat and completions."
    assert "“openai/gpt-4o-mini” does not do embeddings; it does chat." in directly.text


def test_models_that_the_key_may_ask_for_directly_are_near_matches_too(gateway: RunningGateway) -> None:
    small = gateway.model("demo", "small")
    gateway.model("demo", "smart")
    key = gateway.new_key("narrow", allowed=[small])

    for slip in ("demo/smal", "DEMO/small", "direct/demo/smal"):
        message = gateway.ask(slip, key=key).json()["error"]["message"]
        assert message.endswith("Did you mean “demo/small”?"), slip
    assert "“demo/smart”" in gateway.ask("demo/smrt").json()["error"]["message"]


def test_a_list_that_would_be_empty_is_not_pointed_at(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    nothing = gateway.new_key("nothing", allowed=[])

    assert "GET /v1/models" in gateway.ask("zzz").json()["error"]["message"]
    assert "GET /v1/models" not in gateway.ask("zzz", key=nothing).json()["error"]["message"]
    assert "GET /v1/models" not in gateway.ask("fast", key=nothing).json()["error"]["message"]
