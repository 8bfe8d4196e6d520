"""Every way to name a model, and what a key may use by it."""

import pytest

from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_alias_answers_to_its_synonyms(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"), synonyms=("quick", "cheap"))

    replies = [gateway.ask(name) for name in ("fast", "quick", "cheap")]

    assert [reply.headers["x-plexus-alias"] for reply in replies] == ["fast"] * 3
    row = gateway.row(replies[1])
    assert (row.requested_model, row.alias) == ("quick", "fast")


def test_a_providers_model_may_be_asked_for_directly(gateway: RunningGateway) -> None:
    gateway.model("openai", "meta-llama/llama:free")

    for name in ("openai/meta-llama/llama:free", "direct/openai/meta-llama/llama:free"):
        reply = gateway.ask(name)

        assert reply.status_code == 200
        row = gateway.row(reply)
        assert (row.alias, row.provider, row.model) == ("", "openai", "meta-llama/llama:free")


def test_a_name_that_no_target_stands_behind_has_no_enabled_targets(gateway: RunningGateway) -> None:
    gateway.alias("empty")

    reply = gateway.ask("empty")

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "no_enabled_targets")


def test_an_alias_may_stand_behind_another(gateway: RunningGateway) -> None:
    inner = gateway.alias("inner", gateway.model("openai", "gpt-4o-mini"))
    gateway.alias("outer", gateway.alias("middle", inner))

    reply = gateway.ask("outer")

    assert reply.headers["x-plexus-alias"] == "outer"
    assert reply.headers["x-plexus-model"] == "gpt-4o-mini"


def test_a_listed_key_may_use_its_aliases_by_any_of_their_names(gateway: RunningGateway) -> None:
    inner = gateway.alias("inner", gateway.model("openai", "gpt-4o-mini"))
    outer = gateway.alias("outer", inner, synonyms=("round",))
    key = gateway.new_key("narrow", allowed=[outer])

    assert gateway.ask("outer", key=key).status_code == 200
    assert gateway.ask("round", key=key).status_code == 200


def test_there_is_no_way_around_a_listed_key(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    inner = gateway.alias("inner", model, synonyms=("within",))
    key = gateway.new_key("narrow", allowed=[gateway.alias("outer", inner)])

    around = ["inner", "within", "openai/gpt-4o-mini", "direct/openai/gpt-4o-mini"]
    replies = [gateway.ask(name, key=key) for name in around]

    assert [reply.status_code for reply in replies] == [403] * 4
    assert {reply.json()["error"]["code"] for reply in replies} == {"model_not_allowed"}
    assert gateway.upstream.seen == []


def test_a_key_for_one_model_opens_neither_another_nor_an_alias_of_it(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    gateway.model("openai", "gpt-4o")
    gateway.alias("fast", model)
    key = gateway.new_key("narrow", allowed=[model])

    statuses = {
        name: gateway.ask(name, key=key).status_code
        for name in ("openai/gpt-4o-mini", "direct/openai/gpt-4o-mini", "openai/gpt-4o", "fast")
    }

    assert statuses == {
        "openai/gpt-4o-mini": 200,
        "direct/openai/gpt-4o-mini": 200,
        "openai/gpt-4o": 403,
        "fast": 403,
    }


def test_an_alias_that_looks_like_an_allowed_model_is_not_it(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    gateway.alias("gpt-4o-mini", model)
    key = gateway.new_key("narrow", allowed=[model])

    assert gateway.ask("gpt-4o-mini", key=key).status_code == 403


def test_deleting_what_a_key_may_use_never_widens_it(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    gone = gateway.alias("gone", model)
    gateway.alias("fast", model)
    key = gateway.new_key("narrow", allowed=[gone])

    gone.delete()

    assert gateway.ask("fast", key=key).status_code == 403


@pytest.mark.parametrize("header", ["x-api-key", "api-key", "X-API-Key"])
def test_a_key_may_come_in_other_headers(gateway: RunningGateway, header: str) -> None:
    assert gateway.get("/v1/models", key="", headers={header: gateway.key}).status_code == 200


def test_the_scheme_is_read_in_any_case(gateway: RunningGateway) -> None:
    headers = {"authorization": f"bEARER   {gateway.key}"}

    assert gateway.get("/v1/models", key="", headers=headers).status_code == 200


def test_one_key_in_two_headers_is_one_key_and_two_keys_are_none(gateway: RunningGateway) -> None:
    other = gateway.new_key("another")

    assert gateway.get("/v1/models", headers={"x-api-key": gateway.key}).status_code == 200
    assert gateway.get("/v1/models", headers={"x-api-key": other}).status_code == 401
    assert gateway.get("/v1/models", key="", headers={"x-api-key": other, "api-key": gateway.key}).status_code == 401
