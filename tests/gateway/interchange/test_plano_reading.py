import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from gateway.interchange import format_of, plano
from gateway.interchange.document import ABSENT, AliasEntry, ProviderEntry
from gateway.interchange.findings import Kind
from gateway.interchange.plano import vocabulary
from providers.models import Endpoint, Provider
from routing.conditions import LABELS
from routing.models import MOST_ATTEMPTS, Alias
from routing.selection import SELECTORS
from tests.gateway.interchange.importing import import_text
from tests.gateway.interchange.understanding import Understanding

UNDERSTANDING = Understanding(plano.read)
document, findings = UNDERSTANDING.document, UNDERSTANDING.findings
MODELS = """
llm_providers:
  - {model: openai/gpt-4o, access_key: $OPENAI_API_KEY}
  - {model: openai/gpt-4o-mini, access_key: $OPENAI_API_KEY}
  - {model: anthropic/haiku, access_key: "${ANTHROPIC_API_KEY}"}
model_aliases:
"""
"""The aliases begin on line 7."""


def an_alias(text: str) -> AliasEntry:
    """What `model_aliases: {a: …}` means, beside three models."""
    (alias,) = document(f"{MODELS}  a: {text}").aliases
    return alias


def a_provider(text: str) -> ProviderEntry:
    """What one entry of `model_providers` means."""
    (provider,) = document(f"model_providers: [{{{text}}}]").providers
    return provider


# Providers


def test_models_with_one_key_and_address_are_one_provider() -> None:
    openai, anthropic = document(MODELS).providers

    assert (openai.name, openai.credential, openai.auth) == ("openai", "$OPENAI_API_KEY", "bearer")
    assert [model.name for model in openai.models] == ["gpt-4o", "gpt-4o-mini"]
    assert anthropic.credential == "$ANTHROPIC_API_KEY"


def test_another_key_is_another_provider_and_said_to_be() -> None:
    text = "llm_providers: [{model: openai/a, access_key: $ONE}, {model: openai/b, access_key: $TWO}]"

    first, second = document(text).providers

    assert (first.name, second.name) == ("openai", "openai-2")
    assert "its provider is “openai-2” here" in findings(text, Kind.ADAPTED)[0]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("model: openai/a", "https://api.openai.com/v1"),
        ("model: groq/a", "https://api.groq.com/openai/v1"),
        ("model: gemini/a", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("model: qwen/a, base_url: 'https://q.example'", "https://q.example/compatible-mode/v1"),
        ("model: qwen/a, base_url: 'https://q.example/mine'", "https://q.example/mine"),
        ("model: own/a, base_url: 'https://o.example', provider_interface: groq", "https://o.example/openai/v1"),
        ("model: ollama/a, base_url: 'http://localhost:11434'", "http://localhost:11434"),
    ],
)
def test_a_provider_stands_where_plano_asks_it(said: str, address: str) -> None:
    provider = a_provider(said)

    assert provider.endpoints is not ABSENT
    assert [(one.api_type, one.base_url) for one in provider.endpoints] == [("chat", address)]


def test_a_server_of_ones_own_without_a_key_is_asked_without_one() -> None:
    assert a_provider("model: ollama/a, base_url: 'http://localhost:11434'").auth == "none"
    assert a_provider("model: openai/a").auth == "bearer"


def test_azure_takes_its_key_in_a_header_of_its_own() -> None:
    provider = a_provider("model: azure_openai/a, base_url: 'https://r.example', access_key: $AZURE")

    assert (provider.auth, provider.auth_header) == ("header", "api-key")


def test_whose_api_is_not_spoken_is_imported_disabled_and_said_to_be() -> None:
    text = "model: amazon_bedrock/nova, base_url: 'https://b.example', access_key: $AWS"

    assert a_provider(text).enabled is False
    assert "imported disabled" in findings(f"llm_providers: [{{{text}}}]", Kind.ADAPTED)[0]


def test_headers_are_kept() -> None:
    assert a_provider("model: openai/a, headers: {X-Team: red}").extra_headers == {"X-Team": "red"}


@pytest.mark.parametrize("key", ["sk-very-secret", "$", "prefix-$KEY"])
def test_a_key_in_the_file_is_a_variable_here_and_not_repeated(key: str) -> None:
    text = f"llm_providers:\n  - model: openai/a\n    access_key: '{key}'"

    (adapted,) = [said for said in findings(text, Kind.ADAPTED) if "access_key" in said]

    assert adapted.startswith("llm_providers[0].access_key (line 3): A key in a file is not read: set the environment")
    assert document(text).providers[0].credential == "$OPENAI_API_KEY"
    assert "very-secret" not in repr(plano.read(text))


def test_every_model_of_a_provider_may_be_asked_for() -> None:
    provider = a_provider("model: openai/*, access_key: $KEY")

    assert (provider.takes_any_model, provider.models) == (True, ())


def test_the_default_is_the_alias_that_is_its_model_alone() -> None:
    text = (
        "llm_providers: [{model: openai/a, default: true}]\nmodel_aliases: {fast: {target: a}, other: {target: fast}}"
    )

    assert [(alias.name, alias.is_default) for alias in document(text).aliases] == [("fast", True), ("other", ABSENT)]


def test_a_default_without_an_alias_gets_one_that_is_not_listed() -> None:
    text = "llm_providers: [{model: meta/llama/3, base_url: 'https://m.example', default: true}]"

    (alias,) = document(text).aliases

    assert (alias.name, alias.listed, alias.is_default) == ("llama-3", False, True)
    assert "Requests without a model go to the alias “llama-3”" in findings(text, Kind.ADAPTED)[-1]


@pytest.mark.parametrize("key", [*vocabulary.NOTHING_OF_A_MODEL])
def test_what_means_nothing_of_a_model_is_ignored_with_its_reason(key: str) -> None:
    (ignored,) = findings(f"llm_providers:\n  - model: openai/a\n    {key}: true", Kind.IGNORED)

    assert ignored.startswith(f"llm_providers[0].{key} (line 3): ")


@pytest.mark.parametrize("key", [*vocabulary.NOTHING_AT_TOP, "unheard_of"])
def test_what_means_nothing_at_the_top_is_ignored_with_its_reason(key: str) -> None:
    (ignored,) = findings(f"model_providers: []\n{key}: []", Kind.IGNORED)

    assert ignored.startswith(f"{key} (line 2): ")


# Aliases


def test_a_name_stands_for_one_model() -> None:
    alias = an_alias("{target: gpt-4o}")

    assert [str(target) for target in alias.targets] == ["openai/gpt-4o"]
    assert (alias.selector, alias.weight_mode) == ("in_order", "relative")


@pytest.mark.parametrize("name", ["haiku", "anthropic/haiku"])
def test_a_model_may_be_named_with_and_without_its_provider(name: str) -> None:
    assert str(an_alias(f"{{target: {name}}}").targets[0]) == "anthropic/haiku"


def test_a_model_may_be_named_as_the_file_calls_it() -> None:
    text = "llm_providers: [{model: together_ai/openai/oss, name: oss}]\nmodel_aliases: {a: {target: oss}}"

    assert str(document(text).aliases[0].targets[0]) == "together_ai/openai/oss"


def test_an_alias_may_stand_behind_another_one_but_a_model_of_its_name_goes_first() -> None:
    first, second = document(f"{MODELS}  gpt-4o: {{target: gpt-4o}}\n  b: {{target: gpt-4o}}").aliases
    (third,) = document(f"{MODELS}  x: {{target: gpt-4o}}\n  y: {{target: x}}").aliases[1:]

    assert [str(alias.targets[0]) for alias in (first, second)] == ["openai/gpt-4o"] * 2
    assert third.targets[0].to_alias == "x"


def test_fallbacks_are_tiers_in_order_each_with_its_conditions() -> None:
    alias = an_alias(
        "{target: gpt-4o, fallbacks: [{target: haiku, conditions: [timeout, quota_exceeded]}, {target: gpt-4o-mini}]}"
    )

    assert [(str(one), one.tier, one.conditions) for one in alias.targets] == [
        ("openai/gpt-4o", 0, []),
        ("anthropic/haiku", 1, ["timeout", "quota_exceeded"]),
        ("openai/gpt-4o-mini", 2, []),
    ]
    assert alias.max_attempts is ABSENT


def test_a_long_chain_is_tried_to_its_end() -> None:
    models = "".join(f"  - {{model: openai/m{number}}}\n" for number in range(15))
    fallbacks = ", ".join(f"{{target: m{number}}}" for number in range(1, 15))

    def attempts(fallbacks: str) -> object:
        text = f"llm_providers:\n{models}model_aliases: {{a: {{target: m0, fallbacks: [{fallbacks}]}}}}"
        return document(text).aliases[0].max_attempts

    assert attempts("{target: m1}, {target: m2}, {target: m3}") == 4
    assert attempts(fallbacks) == MOST_ATTEMPTS


def test_split_traffic_is_in_percent_in_every_tier() -> None:
    alias = an_alias(
        "{targets: [{model: gpt-4o, weight: 95}, {model: haiku, weight: 5}], fallbacks: [{target: gpt-4o-mini}]}"
    )

    assert (alias.selector, alias.weight_mode) == ("random", "percent")
    assert [(one.tier, one.weight) for one in alias.targets] == [(0, 95), (0, 5), (1, 100)]


@pytest.mark.parametrize(
    ("algorithm", "selector"),
    [("round_robin", "round_robin"), ("least_connections", "least_connections"), ("weighted", "random")],
)
def test_load_is_balanced_over_addresses_of_their_own(algorithm: str, selector: str) -> None:
    alias = an_alias(
        f"{{load_balance: {{algorithm: {algorithm}}}, targets: ["
        "{model: gpt-4o, endpoint: 'https://a.example', weight: 3}, {model: gpt-4o, endpoint: 'https://b.example'}]}"
    )

    assert (alias.selector, alias.weight_mode) == (selector, "relative")
    assert [(one.endpoint, one.weight) for one in alias.targets] == [
        ("https://a.example", 3),
        ("https://b.example", None),
    ]


# What is wrong


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("gpt-4o", "model_aliases.a (line 7): Expected a mapping, found text."),
        (
            "{target: gpt-5}",
            "model_aliases.a.target (line 7): “gpt-5” is not a model of `llm_providers`, nor an alias.",
        ),
        ("{}", "model_aliases.a.target (line 7): It is missing."),
        ("{target: gpt-4o, targets: []}", "model_aliases.a.targets (line 7): An alias has a `target` or `targets`"),
        ("{targets: [{model: gpt-4o, weight: 0.8}]}", "model_aliases.a.targets[0].weight (line 7): Expected a whole"),
        ("{target: gpt-4o, fallbacks: [haiku]}", "model_aliases.a.fallbacks[0] (line 7): Expected a mapping"),
        ("{load_balance: {}, targets: []}", "model_aliases.a.load_balance.algorithm (line 7): It is missing."),
        (
            "{load_balance: {algorithm: best}, targets: []}",
            "model_aliases.a.load_balance.algorithm (line 7): Expected one of round_robin, least_connections, weighted;",
        ),
    ],
)
def test_what_is_wrong_with_an_alias_is_said_by_path_and_line(alias: str, said: str) -> None:
    (refused,) = findings(f"{MODELS}  a: {alias}", Kind.REFUSED)

    assert refused.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("llm_providers: [{model: gpt-4o}]", "Write the provider and its model, like `openai/gpt-4o`."),
        ("llm_providers: [{model: openai/}]", "Write the provider and its model, like `openai/gpt-4o`."),
        ("llm_providers: [{model: ollama/a}]", "“ollama” needs a `base_url`."),
        ("llm_providers: [{name: a}]", "It is missing."),
        ("llm_providers: [{model: openai/a}, {model: openai/a}]", "“openai/a” stands here already"),
        ("llm_providers: []\nmodel_providers: []", "It stands here twice"),
        ("llm_providers: [{model: openai/a, default: true}, {model: openai/b, default: true}]", "There is a default"),
        ("llm_providers: [{model: openai/*, default: true}]", "Every model of a provider is no default"),
        ("version: v0.4.0", "There is neither `llm_providers` nor `model_aliases` here"),
        ("llm_providers: [", "This is not YAML"),
    ],
)
def test_what_is_wrong_with_the_models_is_said(text: str, said: str) -> None:
    (refused,) = findings(text, Kind.REFUSED)

    assert said in refused


def test_a_name_that_two_models_share_is_refused() -> None:
    text = "llm_providers: [{model: openai/gpt-4o}, {model: openrouter/gpt-4o}]\nmodel_aliases: {a: {target: gpt-4o}}"

    (refused,) = findings(text, Kind.REFUSED)

    assert "Write openai/gpt-4o or openrouter/gpt-4o." in refused


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("aliases", "said"),
    [
        ("not a name: {target: gpt-4o}", "(line 7): A name has letters, digits, dots, hyphens and underscores only."),
        (
            "a: {targets: [{model: gpt-4o, weight: 80}, {model: haiku, weight: 30}]}",
            "model_aliases.a.targets (line 7): The enabled weights of tier 0 sum to 110, not 100.",
        ),
        (
            "a: {targets: [{model: gpt-4o, weight: 80}, {model: haiku}]}",
            "model_aliases.a.targets[1] (line 7): The weights are in percent, so give every enabled target one.",
        ),
        ("a: {target: b}\n  b: {target: a}", "model_aliases.b.target (line 8): An alias cannot reach itself:"),
        (
            "a: {target: gpt-4o, fallbacks: [{target: haiku, conditions: [rain]}]}",
            "model_aliases.a.fallbacks[0].conditions (line 7): Unknown: rain.",
        ),
        ("a: {target: gpt-4o, fallbacks: [{target: gpt-4o}]}", "(line 7): This target stands here already"),
    ],
)
def test_a_rule_of_the_document_that_is_broken_is_said_by_its_line_and_changes_nothing(
    aliases: str, said: str, tmp_path: Path
) -> None:
    file, errors = tmp_path / "arch_config.yaml", io.StringIO()
    file.write_text(f"{MODELS}  {aliases}")

    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("import_config", str(file), stderr=errors)

    assert said in errors.getvalue()
    assert not Provider.objects.exists()
    assert not Alias.objects.exists()


# Whose file it is, and what it leaves alone


@pytest.mark.parametrize(
    ("text", "format"),
    [
        (MODELS, "plano"),
        ("version: v0.4.0\nmodel_providers: []", "plano"),
        ('"model_aliases": {}', "plano"),
        ("model_aliases:\n\t- broken", "plano"),
        ("providers: []\nmodels: []", "plexus"),
        ("- alias: model_aliases\n  targets: []", "plexus"),
        ("# llm_providers: none\nmodels: []", "plexus"),
        ("", "plexus"),
    ],
)
def test_whose_file_it_is_is_seen_from_its_keys(text: str, format: str) -> None:
    assert format_of(text) == format


@pytest.mark.django_db
def test_the_format_may_be_said(tmp_path: Path) -> None:
    file, errors = tmp_path / "config.yaml", io.StringIO()
    file.write_text("models: []")

    with pytest.raises(CommandError):
        call_command("import_config", str(file), "--format", "plano", stderr=errors)

    assert errors.getvalue().startswith("the file: There is neither `llm_providers`")


@pytest.mark.django_db
def test_addresses_for_other_apis_stay(tmp_path: Path) -> None:
    import_text("- name: openai\n  baseUrls: {embeddings: 'https://api.openai.com/v1'}\n  auth: {apiKeyEnv: K}")
    file = tmp_path / "arch_config.yaml"
    file.write_text(MODELS)

    call_command("import_config", str(file), stdout=io.StringIO())

    openai = Endpoint.objects.filter(provider__name="openai")
    assert sorted(openai.values_list("api_type", flat=True)) == ["chat", "embeddings"]


def test_what_plano_announces_is_known_here() -> None:
    assert {"quota_exceeded", "timeout", "primary_and_first_fallback_failed"} <= LABELS.keys()
    assert set(vocabulary.ALGORITHMS.values()) <= SELECTORS.keys()
