from decimal import Decimal

import pytest

from gateway.interchange import format_of, plexus_2
from gateway.interchange.document import ABSENT, AliasEntry, ProviderEntry
from gateway.interchange.findings import Kind
from tests.gateway.interchange.understanding import Understanding

UNDERSTANDING = Understanding(plexus_2.read)
document, findings = UNDERSTANDING.document, UNDERSTANDING.findings
PROVIDER = "providers: {openai: {api_base_url: 'https://api.openai.com/v1', models: [gpt-4o, gpt-4o-mini]}}\n"
"""One line."""


def a_provider(text: str) -> ProviderEntry:
    """What `providers: {openai: {…}}` means."""
    (provider,) = document(f"providers: {{openai: {{{text}}}}}").providers
    return provider


def an_alias(text: str) -> AliasEntry:
    """What `models: {fast: {…}}` means, beside a provider."""
    (alias,) = document(f"{PROVIDER}models: {{fast: {{{text}}}}}").aliases
    return alias


# Whose file it is


@pytest.mark.parametrize(
    ("text", "format"),
    [
        (PROVIDER, "plexus-2"),
        ('{"plexus_backup":true,"version":1,"data":{"providers":{}}}', "plexus-2"),
        ('{"providers":{},"models":{"a":{"target_groups":[]}}}', "plexus-2"),
        ('{\n\t"providers": {}\n}', "plexus-2"),
        ("plexus_backup: true\ndata: {\n  broken", "plexus-2"),
        ("providers: []\nmodels: []", "plexus"),
        ("models:\n  - alias: fast\n    targets: []", "plexus"),
    ],
)
def test_lists_are_the_first_format_and_mappings_the_later_ones(text: str, format: str) -> None:
    assert format_of(text) == format


def test_a_backup_is_its_data() -> None:
    text = '{"plexus_backup":true,"version":1,"data":{"providers":{"a":{"models":["b"]}},"models":{}}}'

    assert [provider.name for provider in document(text).providers] == ["a"]


# Providers


def test_a_key_in_the_file_is_a_variable_here_and_not_repeated() -> None:
    text = "providers:\n  my-openai:\n    api_key: sk-very-secret"

    (adapted,) = findings(text, Kind.ADAPTED)

    assert document(text).providers[0].credential == "$MY_OPENAI_API_KEY"
    assert adapted.startswith("providers.my-openai.api_key (line 3): A key in a file is not read: set the environment")
    assert "sk-very-secret" not in repr(plexus_2.read(text))


@pytest.mark.parametrize("key", ["$MY_KEY", "'${MY_KEY}'", "'{env:MY_KEY}'"])
def test_a_key_that_is_a_variable_already_stays_one(key: str) -> None:
    assert a_provider(f"api_key: {key}").credential == "$MY_KEY"


def test_a_variable_of_our_own_is_never_a_providers_key() -> None:
    assert a_provider("api_key: $SECRET_KEY").credential == "$OPENAI_API_KEY"


@pytest.mark.parametrize(
    ("address", "endpoints"),
    [
        ("'https://api.openai.com/v1'", [("chat", "https://api.openai.com/v1")]),
        ("'https://api.anthropic.com/v1'", [("messages", "https://api.anthropic.com/v1")]),
        ("{chat: 'https://a.example/v1', messages: 'https://b.example/v1', gemini: 'https://c.example'}",
         [("chat", "https://a.example/v1"), ("messages", "https://b.example/v1")]),
        ("'oauth://codex'", []),
    ],
)  # fmt: skip
def test_an_address_is_for_the_apis_that_are_spoken_there(address: str, endpoints: list[tuple[str, str]]) -> None:
    said = a_provider(f"api_base_url: {address}").endpoints

    assert said is not ABSENT
    assert [(one.api_type, one.base_url) for one in said] == endpoints


def test_prices_are_lowered_by_the_discount_and_no_bound_is_no_mistake() -> None:
    ranges = (
        "[{lower_bound: 0, upper_bound: 100, input_per_m: 2, output_per_m: 4}, {lower_bound: 100, upper_bound: .inf}]"
    )
    models = f"a: {{pricing: {{source: simple, input: 0.15, output: 0.6}}}}, b: {{pricing: {{source: defined, range: {ranges}}}}}"

    simple, ranged = a_provider(f"discount: 0.1, models: {{{models}}}").models

    assert (simple.input_usd_per_mtok, simple.output_usd_per_mtok) == (Decimal("0.135"), Decimal("0.54"))
    assert (ranged.input_usd_per_mtok, ranged.output_usd_per_mtok) == (Decimal("1.8"), Decimal("3.6"))


def test_who_signs_in_by_oauth_is_imported_disabled() -> None:
    assert a_provider("oauth_provider: codex").enabled is False


def test_milliseconds_are_seconds_here() -> None:
    provider = a_provider("timeoutMs: 60000, stallTtfbMs: 5500")

    assert (provider.answer_timeout_seconds, provider.first_byte_timeout_seconds) == (60, 5.5)


# Aliases


def test_targets_without_groups_are_one_group() -> None:
    alias = an_alias(
        "targets: [{provider: openai, model: gpt-4o}, {provider: openai, model: gpt-4o-mini, enabled: false}]"
    )

    assert alias.selector == "random"
    assert [(str(one), one.tier, one.enabled) for one in alias.targets] == [
        ("openai/gpt-4o", 0, True),
        ("openai/gpt-4o-mini", 0, False),
    ]


def test_groups_with_one_selector_are_tiers() -> None:
    group = "{{name: {0}, selector: cost, targets: [{{provider: openai, model: {0}}}]}}"

    alias = an_alias(f"target_groups: [{group.format('gpt-4o')}, {group.format('gpt-4o-mini')}]")

    assert alias.selector == "cost"
    assert [(str(one), one.tier) for one in alias.targets] == [("openai/gpt-4o", 0), ("openai/gpt-4o-mini", 1)]


def test_groups_with_selectors_of_their_own_are_aliases_that_are_not_listed() -> None:
    groups = "[{name: a, selector: in_order, targets: []}, {name: b, selector: cost, targets: []}]"

    whole, *behind = document(f"{PROVIDER}models: {{fast: {{target_groups: {groups}}}}}").aliases

    assert [(one.to_alias, one.tier) for one in whole.targets] == [("fast.a", 0), ("fast.b", 1)]
    assert [(one.name, one.selector, one.listed) for one in behind] == [
        ("fast.a", "in_order", False),
        ("fast.b", "cost", False),
    ]


def test_a_model_that_only_a_target_names_is_added_to_its_provider() -> None:
    text = f"{PROVIDER}models:\n  fast:\n    targets: [{{provider: openai, model: gpt-5}}]"

    assert [model.name for model in document(text).providers[0].models] == ["gpt-4o", "gpt-4o-mini", "gpt-5"]
    assert findings(text, Kind.ADAPTED) == [
        "models.fast.targets[0].model (line 4): It is not among the models of “openai”, so it is added to them."
    ]


def test_a_name_that_cannot_be_one_is_changed_and_said_to_be() -> None:
    text = "models:\n  meta/llama 3:\n    additional_aliases: ['a:b']\n    targets: []"

    (alias,) = document(text).aliases

    assert (alias.name, [synonym.name for synonym in alias.synonyms]) == ("meta-llama-3", ["a-b"])
    assert [finding.split(":")[0] for finding in findings(text, Kind.ADAPTED)] == [
        "models.meta/llama 3 (line 2)",
        "models.meta/llama 3.additional_aliases[0] (line 3)",
    ]


# What is wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providers: {a: {api_key: 5}}", "providers.a.api_key (line 1): Expected text, found a number."),
        ("providers: {a: {discount: 3}}", "providers.a.discount (line 1): Expected a share from 0 to 1."),
        ("models: {a: {selector: best}}", "models.a.selector (line 1): Expected one of random, in_order"),
        ("models: {a: {targets: [{model: b}]}}", "models.a.targets[0].provider (line 1): It is missing."),
        ("plexus_backup: true\ndata: []", "data (line 2): Expected a mapping, found a list."),
        ("providers: {a: {}}\n---\nb: 1", "the file: A second document begins here."),
        ("keys: {}", "the file: There is neither a mapping `providers` nor one of `models`"),
        ("providers: {a: [", "line 1: This is not YAML"),
    ],
)
def test_what_is_wrong_is_said_by_path_and_line(text: str, said: str) -> None:
    (refused,) = findings(text, Kind.REFUSED)

    assert refused.startswith(said)
