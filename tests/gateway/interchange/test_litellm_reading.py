from decimal import Decimal

import pytest

from gateway.interchange import format_of, litellm
from gateway.interchange.document import ABSENT, AliasEntry, ProviderEntry
from gateway.interchange.findings import Kind
from gateway.interchange.litellm.shares import Shares, whole_weights
from gateway.interchange.litellm.vocabulary import STRATEGIES
from routing.selection import SELECTORS
from tests.gateway.interchange.understanding import Understanding

UNDERSTANDING = Understanding(litellm.read)
document, findings = UNDERSTANDING.document, UNDERSTANDING.findings
MODELS = """
model_list:
  - {model_name: big, litellm_params: {model: openai/gpt-4o}}
  - {model_name: big, litellm_params: {model: anthropic/opus}}
  - {model_name: small, litellm_params: {model: openai/gpt-4o-mini}}
  - {model_name: long, litellm_params: {model: openai/gpt-4-128k}}
"""
"""What follows begins on line 7."""


def a_provider(params: str) -> ProviderEntry:
    """What one deployment's `litellm_params` mean."""
    (provider,) = document(f"model_list: [{{model_name: a, litellm_params: {{{params}}}}}]").providers
    return provider


def an_alias(*params: str, more: str = "") -> AliasEntry:
    """What deployments of one name mean."""
    deployments = ", ".join(f"{{model_name: a, litellm_params: {{{one}}}}}" for one in params)
    (alias,) = document(f"model_list: [{deployments}]\n{more}").aliases
    return alias


def aliases(more: str) -> dict[str, AliasEntry]:
    """The names of MODELS, with more said of them."""
    return {alias.name: alias for alias in document(MODELS + more).aliases}


def tiers(alias: AliasEntry) -> list[tuple[str, int, list[str]]]:
    return [(str(one), one.tier, one.conditions) for one in alias.targets]


@pytest.mark.parametrize("text", ["model_list: []", "router_settings: {}", "model_list:\n\t- broken"])
def test_whose_file_it_is_is_seen_from_its_keys(text: str) -> None:
    assert format_of(text) == "litellm"


# Providers


@pytest.mark.parametrize(
    ("params", "address"),
    [
        ("model: openai/a", "https://api.openai.com/v1"),
        ("model: gpt-4o", "https://api.openai.com/v1"),
        ("model: claude-3-opus", "https://api.anthropic.com/v1"),
        ("model: groq/a", "https://api.groq.com/openai/v1"),
        ("model: ollama/a", "http://localhost:11434/v1"),
        ("model: facebook/a, custom_llm_provider: openai", "https://api.openai.com/v1"),
        ("model: azure/a, api_base: 'https://r.openai.azure.com/'", "https://r.openai.azure.com/openai/v1"),
        ("model: openai/a, api_base: 'https://o.example/v1'", "https://o.example/v1"),
        ("model: my-own, base_url: 'https://o.example/v1'", "https://o.example/v1"),
    ],
)
def test_a_provider_stands_where_litellm_asks_it(params: str, address: str) -> None:
    endpoints = a_provider(params).endpoints

    assert endpoints is not ABSENT
    assert {one.base_url for one in endpoints} == {address}


@pytest.mark.parametrize(
    ("params", "auth", "credential"),
    [
        ("model: openai/a, api_key: os.environ/MINE", "bearer", "$MINE"),
        ("model: openai/a", "bearer", "$OPENAI_API_KEY"),
        ("model: azure/a, api_base: 'https://r.example', api_key: $MINE", "header", "$MINE"),
        ("model: hosted_vllm/a, api_base: 'http://gpu:8000/v1'", "none", ABSENT),
        ("model: openai/a, api_base: 'http://gpu:8000/v1', api_key: none", "none", ABSENT),
        ("model: openai/a, api_key: sk-very-secret", "bearer", "$OPENAI_API_KEY"),
    ],
)
def test_a_key_is_a_reference_or_none(params: str, auth: str, credential: object) -> None:
    provider = a_provider(params)

    assert (provider.auth, provider.credential) == (auth, credential)


def test_each_key_in_a_file_gets_a_variable_of_its_own_and_none_is_repeated() -> None:
    text = (
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: openai/a, api_key: sk-first}}\n"
        "- {model_name: a, litellm_params: {model: openai/a, api_key: sk-second}}"
    )

    providers = document(text).providers

    assert [(one.name, one.credential) for one in providers] == [
        ("openai", "$OPENAI_API_KEY"),
        ("openai-2", "$OPENAI_2_API_KEY"),
    ]
    assert "model_list[1].litellm_params.api_key (line 3): A key in a file is not read" in str(
        findings(text, Kind.ADAPTED)
    )
    assert "sk-" not in repr(litellm.read(text))


def test_costs_are_dollars_per_million_tokens_here() -> None:
    (model,) = a_provider("model: openai/a, input_cost_per_token: 1.5e-07, output_cost_per_token: 0.0000006").models

    assert (model.input_usd_per_mtok, model.output_usd_per_mtok) == (Decimal("0.15"), Decimal("0.6"))


def test_whose_api_is_not_spoken_is_imported_disabled() -> None:
    assert a_provider("model: bedrock/nova").enabled is False


# Names


def test_deployments_of_one_name_are_the_targets_of_one_alias() -> None:
    alias = aliases("")["big"]

    assert alias.selector == "random"
    assert tiers(alias) == [("openai/gpt-4o", 0, []), ("anthropic/opus", 0, [])]


@pytest.mark.parametrize(("strategy", "selector"), STRATEGIES.items())
def test_a_strategy_is_a_selector(strategy: str, selector: str) -> None:
    assert aliases(f"router_settings: {{routing_strategy: {strategy}}}")["big"].selector == selector
    assert selector in SELECTORS


@pytest.mark.parametrize(
    ("shares", "weights"),
    [
        ([(None, None, None)] * 2, [None, None]),
        ([(3, 900, None), (1, 6, None)], [3, 1]),
        ([(None, 900, 1), (None, 6, 7)], [900, 6]),
        ([(0.7, None, None), (0.3, None, None)], [1000, 429]),
        ([(0, None, None), (1, None, None)], [0, 1]),
        ([(None, None, 8_000_000), (None, None, 2)], [1000, 1]),
    ],
)
def test_shares_are_weights_else_requests_else_tokens_per_minute(
    shares: list[Shares], weights: list[int | None]
) -> None:
    assert whole_weights(shares) == weights


def test_whom_no_request_is_meant_for_is_disabled() -> None:
    first, second = an_alias("model: openai/a, weight: 0", "model: openai/b, weight: 2").targets

    assert (first.enabled, first.weight) == (False, None)
    assert (second.enabled, second.weight) == (True, 2)


def test_order_is_tiers_and_who_has_none_comes_last() -> None:
    alias = an_alias(
        "model: openai/a", "model: openai/b, order: 2", "model: openai/c, order: 1", "model: groq/d, order: 1"
    )

    assert {str(one): one.tier for one in alias.targets} == {
        "openai/c": 0,
        "groq/d": 0,
        "openai/b": 1,
        "openai/a": 2,
    }


def test_one_model_twice_is_one_target_with_both_weights() -> None:
    (target,) = an_alias("model: openai/a, weight: 2", "model: openai/a, weight: 3").targets

    assert target.weight == 5


def test_a_provider_and_its_model_need_no_alias() -> None:
    read = document("model_list: [{model_name: openai/gpt-4o, litellm_params: {model: openai/gpt-4o}}]")

    assert read.aliases == ()
    assert read.providers[0].models[0].name == "gpt-4o"


def test_other_names_are_synonyms_and_hidden_ones_are_not_listed() -> None:
    read = aliases("router_settings: {model_group_alias: {gpt-4: big, secret: {model: big, hidden: true}}}")

    assert [synonym.name for synonym in read["big"].synonyms] == ["gpt-4"]
    assert read["secret"].listed is False
    assert read["secret"].targets[0].to_alias == "big"


def test_a_name_with_a_star_is_a_pattern() -> None:
    read = document("model_list: [{model_name: 'claude-*', litellm_params: {model: 'anthropic/claude-*'}}]")

    (pattern,) = read.patterns
    assert (pattern.pattern, pattern.provider, pattern.model) == ("claude-*", "anthropic", "claude-*")
    assert read.providers[0].takes_any_model is True


def test_every_model_of_a_provider_needs_no_pattern() -> None:
    read = document("model_list: [{model_name: 'groq/*', litellm_params: {model: 'groq/*'}}]")

    assert read.patterns == ()
    assert read.providers[0].takes_any_model is True


# Fallbacks


def test_fallbacks_are_further_tiers_even_when_two_names_help_each_other() -> None:
    read = aliases("router_settings: {fallbacks: [{big: [small]}, {small: [big]}]}")

    assert tiers(read["big"]) == [("openai/gpt-4o", 0, []), ("anthropic/opus", 0, []), ("openai/gpt-4o-mini", 1, [])]
    assert tiers(read["small"]) == [("openai/gpt-4o-mini", 0, []), ("openai/gpt-4o", 1, []), ("anthropic/opus", 1, [])]


def test_special_fallbacks_wait_for_their_condition_and_go_first() -> None:
    read = aliases(
        "litellm_settings: {default_fallbacks: [big], context_window_fallbacks: [{small: [long]}], "
        "content_policy_fallbacks: [{small: [big]}]}"
    )

    assert tiers(read["small"]) == [
        ("openai/gpt-4o-mini", 0, []),
        ("openai/gpt-4-128k", 1, ["context_length"]),
        ("openai/gpt-4o", 2, ["content_filter"]),
        ("anthropic/opus", 2, ["content_filter"]),
    ]


def test_a_long_chain_is_tried_to_its_end() -> None:
    read = aliases("litellm_settings: {fallbacks: [{big: [small, long]}]}")

    assert read["big"].max_attempts == 4
    assert read["small"].max_attempts is ABSENT


def test_a_fallback_may_be_a_name_that_a_star_covers() -> None:
    more = (
        "  - {model_name: 'groq/*', litellm_params: {model: 'groq/*'}}\n"
        "litellm_settings: {fallbacks: [{small: [groq/llama]}]}"
    )

    assert tiers(aliases(more)["small"])[1] == ("groq/llama", 1, [])


# What is wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model_list:\n- litellm_params: {model: openai/a}", "model_list[0].model_name (line 2): It is missing."),
        ("model_list:\n- model_name: a", "model_list[0].litellm_params (line 2): It is missing."),
        (
            "model_list:\n- {model_name: a, litellm_params: {}}",
            "model_list[0].litellm_params.model (line 2): It is missing",
        ),
        (
            "model_list:\n- {model_name: a, litellm_params: {model: mine}}",
            "model_list[0].litellm_params.model (line 2): Write the provider and its model",
        ),
        (
            "model_list:\n- {model_name: a, litellm_params: {model: mine/b}}",
            "model_list[0].litellm_params.model (line 2): “mine” is not known here: say its `api_base`.",
        ),
        (
            f"{MODELS}router_settings: {{fallbacks: [{{big: [huge]}}]}}",
            "router_settings.fallbacks[0].big[0] (line 7): “huge” is no `model_name` of this file.",
        ),
        (
            f"{MODELS}router_settings: {{model_group_alias: {{x: huge}}}}",
            "router_settings.model_group_alias.x (line 7): “huge” is no `model_name` of this file.",
        ),
        (
            f"{MODELS}router_settings: {{routing_strategy: best}}",
            "router_settings.routing_strategy (line 7): Expected one of simple-shuffle",
        ),
        ("general_settings: {}", "the file: There is no `model_list` here"),
    ],
)
def test_what_is_wrong_is_said_by_path_and_line(text: str, said: str) -> None:
    (refused,) = findings(text, Kind.REFUSED)

    assert refused.startswith(said)
