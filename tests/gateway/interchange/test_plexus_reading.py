from decimal import Decimal

import pytest

from gateway.interchange import plexus
from gateway.interchange.document import ABSENT
from gateway.interchange.findings import Finding, Kind
from gateway.interchange.plexus import vocabulary
from providers.models import TIME_LIMITS as PROVIDER_TIME_LIMITS
from providers.models import Provider
from routing.models import TIME_LIMITS as TARGET_TIME_LIMITS
from routing.models import Alias
from routing.selection import SELECTORS
from tests.gateway.interchange.understanding import Understanding

UNDERSTANDING = Understanding(plexus.read)
document, findings = UNDERSTANDING.document, UNDERSTANDING.findings
MINIMAL = "models:\n  - alias: fast\n    targets: []\n"


def test_every_field_of_a_provider_is_read() -> None:
    (provider,) = document("""
providers:
  - name: azure
    displayName: Azure
    enabled: false
    apiTypes: [chat, embeddings]
    baseUrls: {chat: https://a.example/v1/chat/completions, embeddings: https://a.example/v1}
    auth: {type: header, header: api-key, apiKeyEnv: AZURE_KEY}
    extraHeaders: {X-Team: red}
    asksStreamUsage: false
    timeouts: {connectSeconds: 1.5, semanticIdleSeconds: 30, answerSeconds: 20}
    maxInFlight: 40
    probeEverySeconds: 60
    models:
      - gpt-4o
      - name: o3
        enabled: false
        apiTypes: [chat]
        contextLength: 200000
        maxInFlight: 4
        price: {inputUsdPerMtok: 0.15, outputUsdPerMtok: 2}
""").providers

    assert (provider.name, provider.display_name, provider.enabled) == ("azure", "Azure", False)
    assert provider.endpoints is not ABSENT
    assert [(one.api_type, one.base_url) for one in provider.endpoints] == [
        ("chat", "https://a.example/v1/chat/completions"),
        ("embeddings", "https://a.example/v1"),
    ]
    assert (provider.auth, provider.auth_header, provider.credential) == ("header", "api-key", "$AZURE_KEY")
    assert provider.extra_headers == {"X-Team": "red"}
    assert provider.asks_stream_usage is False
    assert (provider.connect_timeout_seconds, provider.answer_timeout_seconds) == (1.5, 20)
    assert provider.semantic_idle_timeout_seconds == 30
    assert provider.idle_timeout_seconds is ABSENT
    assert (provider.max_in_flight, provider.probe_every_seconds) == (40, 60)
    plain, priced = provider.models
    assert (plain.name, plain.enabled) == ("gpt-4o", ABSENT)
    assert (priced.enabled, priced.api_types, priced.context_length) == (False, ["chat"], 200_000)
    assert (priced.input_usd_per_mtok, priced.output_usd_per_mtok) == (Decimal("0.15"), Decimal(2))
    assert priced.cached_input_usd_per_mtok is None
    assert (plain.max_in_flight, priced.max_in_flight) == (ABSENT, 4)


def test_every_field_of_an_alias_is_read() -> None:
    (alias,) = document("""
models:
  - alias: smart
    description: Best
    additionalAliases: [best]
    enabled: false
    listed: false
    selector: round_robin
    weightMode: percent
    answerModel: requested
    maxAttempts: 2
    streamMode: buffered
    sticky: session
    stickySeconds: 600
    hedgePercentile: 95
    hedgeBudgetPercent: 3
    targets:
      - {provider: openai, model: gpt-4o, weight: 70.0, endpoint: "https://b.example/v1"}
      - {alias: fast, weight: 30, tier: 1, enabled: false, conditions: [timeout, auth], timeouts: {idleSeconds: 5}}
""").aliases

    assert (alias.name, alias.description, alias.enabled, alias.listed) == ("smart", "Best", False, False)
    assert (alias.selector, alias.weight_mode, alias.answer_model) == ("round_robin", "percent", "requested")
    assert (alias.max_attempts, alias.stream_mode) == (2, "buffered")
    assert (alias.sticky, alias.sticky_seconds) == ("session", 600)
    assert (alias.hedge_percentile, alias.hedge_budget_percent) == (95, 3)
    assert [synonym.name for synonym in alias.synonyms] == ["best"]
    first, second = alias.targets
    assert (first.provider, first.model, first.weight, first.endpoint) == (
        "openai",
        "gpt-4o",
        70,
        "https://b.example/v1",
    )
    assert (second.to_alias, second.weight, second.tier, second.enabled) == ("fast", 30, 1, False)
    assert (first.conditions, second.conditions) == ([], ["timeout", "auth"])
    assert (first.idle_timeout_seconds, second.idle_timeout_seconds) == (None, 5)


def test_a_bare_off_is_off_and_not_false() -> None:
    (alias,) = document(f"{MINIMAL}    sticky: off\n").aliases

    assert alias.sticky == "off"


@pytest.mark.parametrize(
    "text",
    [
        "- alias: fast\n  targets: []\n",
        MINIMAL,
        "providers: []\n" + MINIMAL,
    ],
)
def test_a_snippet_is_read_like_the_whole(text: str) -> None:
    assert [alias.name for alias in document(text).aliases] == ["fast"]


def test_a_list_of_providers_alone_is_read() -> None:
    assert [provider.name for provider in document("- name: openai").providers] == ["openai"]


def test_only_a_file_with_both_keys_is_whole() -> None:
    assert document("providers: []\nmodels: []").is_whole
    assert not document("models: []").is_whole
    assert not document("- alias: a\n  targets: []").is_whole


@pytest.mark.parametrize("selector", SELECTORS)
def test_every_selector_is_read_as_itself(selector: str) -> None:
    text = f"{MINIMAL}    selector: {selector}\n"

    (alias,) = document(text).aliases

    assert alias.selector == selector
    assert not findings(text, Kind.ADAPTED)


def test_what_means_nothing_here_is_ignored_with_its_reason() -> None:
    text = f"{MINIMAL}    apiMatch: true\nlogging: {{level: debug}}\nadminKey: x\n"

    ignored = findings(text, Kind.IGNORED)

    assert [line.split(":")[0] for line in ignored] == [
        "logging (line 5)",
        "models[0].apiMatch (line 4)",
        "adminKey (line 6)",
    ]


@pytest.mark.parametrize("key", ["base_urls", "baseUrl", "baseURL", "base_url"])
def test_an_unknown_key_is_ignored_and_the_near_one_named(key: str) -> None:
    text = f"providers:\n  - name: openai\n    {key}: {{}}\n"

    assert findings(text, Kind.IGNORED) == [
        f"providers[0].{key} (line 3): This key is not known. Did you mean baseUrls?"
    ]


def test_a_key_that_is_near_none_is_ignored_without_a_guess() -> None:
    text = "providers:\n  - name: openai\n    region: eu\n"

    assert findings(text, Kind.IGNORED) == ["providers[0].region (line 3): This key is not known."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: 5", "models (line 1): Expected a list, found a number."),
        ("models: [5]", "models[0] (line 1): Expected a mapping, found a number."),
        (
            "models:\n- alias: 5\n  targets: []",
            "models[0].alias (line 2): Expected text, found a number. Put it in quotes.",
        ),
        ("models:\n- targets: []", "models[0].alias (line 2): It is missing."),
        (
            "models:\n- alias: a",
            "models[0].targets (line 2): It is missing. Write `targets: []` for an alias without any.",
        ),
        (
            "models:\n- alias: a\n  targets:\n  - {provider: p, model: m, weight: 0.5}",
            (
                "models[0].targets[0].weight (line 4): Expected a whole number, found 0.5. "
                "Weights are shares: instead of 0.7 and 0.3 write 70 and 30."
            ),
        ),
        (
            "models:\n- alias: a\n  enabled: maybe\n  targets: []",
            "models[0].enabled (line 3): Expected true or false, found text.",
        ),
        (
            "models:\n- alias: a\n  selector: fastest\n  targets: []",
            (
                "models[0].selector (line 3): Expected one of random, in_order, round_robin, least_connections, latency, "
                "performance, cost, usage; found “fastest”."
            ),
        ),
        ("providers:\n- name: p\n  models: [{}]", "providers[0].models[0].name (line 3): It is missing."),
        ("providers:\n- name: p\n  baseUrls: [x]", "providers[0].baseUrls (line 3): Expected a mapping, found a list."),
        ("foo: bar", "the file: There is neither `providers` nor `models` here, so there is nothing to import."),
        ("", "the file: There is neither `providers` nor `models` here, so there is nothing to import."),
        ("a: [", "line 1: "),
    ],
)
def test_what_is_wrong_is_said_by_path_and_line(text: str, said: str) -> None:
    assert any(line.startswith(said) for line in findings(text, Kind.REFUSED)), findings(text, Kind.REFUSED)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("auth: {type: bearer, credential: sk-very-secret}", "auth.credential"),
        ("auth: {type: bearer, apiKey: sk-very-secret}", "auth.apiKey"),
        ("apiKey: sk-very-secret", "apiKey"),
        ("apiKey: [sk-very-secret]", "apiKey"),
    ],
)
def test_a_key_in_the_file_is_refused_and_not_repeated(written: str, path: str) -> None:
    text = f"providers:\n- name: p\n  {written}"

    (refused,) = findings(text, Kind.REFUSED)

    assert refused.startswith(f"providers[0].{path} (line 3): ")
    assert "apiKeyEnv" in refused
    assert "sk-very-secret" not in str(plexus.read(text))


def test_an_address_counts_only_for_an_api_type_that_is_listed_and_spoken() -> None:
    text = "providers:\n- name: p\n  apiTypes: [chat, responses]\n  baseUrls: {chat: u, messages: v, gemini: w}"

    (provider,) = document(text).providers

    assert provider.endpoints is not ABSENT
    assert [one.api_type for one in provider.endpoints] == ["chat"]
    assert len(findings(text, Kind.IGNORED)) == 3


@pytest.mark.parametrize("spelling", ["KEY", "$KEY", "${KEY}"])
def test_a_variable_may_be_spelled_as_a_reference(spelling: str) -> None:
    (provider,) = document(f"providers:\n- name: p\n  auth: {{apiKeyEnv: '{spelling}'}}").providers

    assert provider.credential == "$KEY"


def test_the_choices_are_those_of_the_models() -> None:
    assert set(vocabulary.AUTH_TYPES) == set(Provider.Auth.values)
    assert set(vocabulary.WEIGHT_MODES) == set(Alias.WeightMode.values)
    assert set(vocabulary.ANSWER_MODELS) == set(Alias.AnswerModel.values)
    assert set(vocabulary.STREAM_MODES) == set(Alias.StreamMode.values)
    assert set(vocabulary.STICKY) == set(Alias.Sticky.values)
    assert set(vocabulary.TIMEOUTS.values()) == set(PROVIDER_TIME_LIMITS)
    assert set(vocabulary.TARGET_TIMEOUTS.values()) == set(TARGET_TIME_LIMITS)


def test_a_finding_without_a_line_names_the_file() -> None:
    assert str(Finding(kind=Kind.WARNING, message="Beware.")) == "the file: Beware."
