"""Names of one shape, names of no model, and models that nobody stored."""

import json

import httpx
import pytest

from gateway import purse, runtime
from routing.models import Alias, PatternAlias
from tests.gateways import RunningGateway, saved

pytestmark = pytest.mark.django_db(transaction=True)


def test_exact_names_win_then_the_longest_pattern(gateway: RunningGateway) -> None:
    models = {name: gateway.model("openai", name) for name in ("exact", "gpt-4o", "long", "short")}
    gateway.alias("gpt-4", models["exact"], synonyms=("gpt-four",))
    saved(PatternAlias(pattern="gpt-*", to_alias=gateway.alias("long", models["long"])))
    saved(PatternAlias(pattern="*", to_alias=gateway.alias("short", models["short"])))
    asked = ["gpt-4", "gpt-four", "openai/gpt-4o", "gpt-5", "claude"]

    served = {name: gateway.ask(name).headers["x-plexus-model"] for name in asked}

    assert served == {
        "gpt-4": "exact",
        "gpt-four": "exact",
        "openai/gpt-4o": "gpt-4o",
        "gpt-5": "long",
        "claude": "short",
    }


def test_the_captured_part_may_stand_in_the_target(gateway: RunningGateway) -> None:
    provider = gateway.model("openai", "gpt-4o").provider
    saved(PatternAlias(pattern="my-*-model", provider=provider, model="gpt-*"))

    assert gateway.ask("my-4o-model").headers["x-plexus-model"] == "gpt-4o"
    missing = gateway.ask("my-5-model")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


def test_a_model_that_nobody_stored_is_asked_for_where_the_provider_takes_any(gateway: RunningGateway) -> None:
    provider = gateway.provider("openrouter", takes_any_model=True)
    saved(PatternAlias(pattern="router/*", provider=provider, model="*"))

    replies = [gateway.ask(name) for name in ("router/meta/llama", "openrouter/meta/llama", "direct/openrouter/x")]

    assert [reply.json()["model"] for reply in replies] == ["meta/llama", "meta/llama", "x"]
    assert gateway.ask("openrouter/with space").status_code == 404


def test_a_disabled_provider_takes_nothing(gateway: RunningGateway) -> None:
    gateway.provider("openrouter", takes_any_model=True, enabled=False)

    reply = gateway.ask("openrouter/x")

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "no_enabled_targets")


def test_a_pattern_opens_nothing_that_the_key_does_not_open(gateway: RunningGateway) -> None:
    provider = gateway.provider("openai", takes_any_model=True)
    model = gateway.model(provider, "gpt-4o")
    ours, theirs = gateway.alias("ours", model), gateway.alias("theirs", model)
    saved(PatternAlias(pattern="ours-*", to_alias=ours))
    saved(PatternAlias(pattern="theirs-*", to_alias=theirs))
    saved(PatternAlias(pattern="gpt-*", provider=provider, model="gpt-*"))
    key = gateway.new_key("narrow", allowed=[ours])

    statuses = {name: gateway.ask(name, key=key).status_code for name in ("ours-1", "theirs-1", "gpt-4o", "gpt-5")}

    assert statuses == {"ours-1": 200, "theirs-1": 403, "gpt-4o": 403, "gpt-5": 403}


def test_a_pattern_of_a_disabled_alias_leads_nowhere(gateway: RunningGateway) -> None:
    alias = gateway.alias("off", gateway.model("openai", "gpt-4o"), enabled=False)
    saved(PatternAlias(pattern="gpt-*", to_alias=alias))

    assert gateway.ask("gpt-4").status_code == 404


def test_the_history_says_by_which_pattern_it_came(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o")
    saved(PatternAlias(pattern="to-alias-*", to_alias=gateway.alias("fast", model)))
    saved(PatternAlias(pattern="gpt-*", provider=model.provider, model="gpt-*"))

    rows = [gateway.row(gateway.ask(name)) for name in ("to-alias-x", "gpt-4o")]

    assert [(row.requested_model, row.alias) for row in rows] == [("to-alias-x", "fast"), ("gpt-4o", "gpt-*")]
    assert [row.attempts.get().why.split("; ")[0] for row in rows] == ["pattern to-alias-*", "pattern gpt-*"]


def test_what_a_caller_calls_models_is_not_remembered_for_ever(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.provider("openrouter", takes_any_model=True)
    monkeypatch.setattr(purse, "MOST_GUESTS", 3)

    for number in range(8):
        assert gateway.ask(f"openrouter/m{number}").status_code == 200

    present = runtime.current()
    assert len(present.purse._opened) == len(list(present.health)) == 3
    assert present.purse.able_tiers == set()


NO_MODEL = [
    {},
    {"model": None},
    {"model": ""},
    {"model": "  "},
]


def ask_of(gateway: RunningGateway, fields: dict[str, object]) -> httpx.Response:
    return gateway.post("/v1/chat/completions", json=fields | {"messages": [{"role": "user", "content": "Hello!"}]})


@pytest.mark.parametrize("fields", NO_MODEL, ids=json.dumps)
def test_a_request_that_names_no_model_goes_to_the_default(gateway: RunningGateway, fields: dict[str, object]) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"), is_default=True)

    reply = ask_of(gateway, fields)

    assert (reply.status_code, reply.headers["x-plexus-alias"]) == (200, "fast")
    assert json.loads(gateway.upstream.seen[0].body)["model"] == "gpt-4o-mini"
    row = gateway.row(reply)
    assert (row.requested_model, row.alias) == ("", "fast")


@pytest.mark.parametrize("fields", NO_MODEL, ids=json.dumps)
def test_without_a_default_a_request_has_to_name_one(gateway: RunningGateway, fields: dict[str, object]) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    assert ask_of(gateway, fields).status_code == 400


@pytest.mark.parametrize(
    "fields", [{"model": 4}, {"model": ["fast"]}, {"model": {}}, {"model": "nobody"}], ids=json.dumps
)
def test_the_default_is_used_nowhere_else(gateway: RunningGateway, fields: dict[str, object]) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"), is_default=True)

    assert ask_of(gateway, fields).status_code in (400, 404)


def test_a_key_that_may_not_use_the_default_is_refused(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    gateway.alias("fast", model, is_default=True)
    key = gateway.new_key("narrow", allowed=[gateway.alias("other", model)])

    reply = gateway.post("/v1/chat/completions", key=key, json={"messages": [{"role": "user", "content": "x"}]})

    assert reply.status_code == 403


def test_a_default_that_is_disabled_is_none(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"), is_default=True, enabled=False)

    assert ask_of(gateway, {}).status_code == 400


def test_an_answer_shows_the_upstreams_own_name_unless_the_alias_says_otherwise(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-3.5-turbo")
    gateway.alias("fast", model)
    gateway.alias("quick", model, answer_model=Alias.AnswerModel.REQUESTED)

    assert gateway.ask("fast").json()["model"] == "gpt-3.5-turbo"
    assert gateway.ask("quick").json()["model"] == "quick"
