import pytest
from pytest_django import Settings

from gateway.interchange.difference import Deed, lines
from gateway.models import ClientKey
from providers.addresses import AllowedNetworks
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, ClaimedName, Synonym, Target
from routing.store import TABLE
from tests.gateway.interchange.importing import BASE, import_text, refusals, warnings

pytestmark = pytest.mark.django_db


# Creating and updating


def test_a_file_is_in_the_database_after_its_import() -> None:
    difference = import_text(BASE)

    assert difference.was_applied
    assert [str(target) for target in Target.objects.filter(alias__name="smart")] == ["openai/gpt-4o", "fast"]
    assert Synonym.objects.get().alias.name == "fast"
    assert Provider.objects.get().credential == "$OPENAI_API_KEY"


def test_a_second_import_changes_nothing() -> None:
    import_text(BASE)

    assert import_text(BASE).changes == ()


def test_a_change_says_old_and_new() -> None:
    import_text(BASE)

    difference = import_text(BASE.replace("weight: 70", "weight: 60"))

    assert list(lines(difference.changes)) == ["~ target smart → openai/gpt-4o", "    weight: 70 → 60"]


def test_what_the_file_does_not_say_stays_as_it_is() -> None:
    import_text(BASE)
    Provider.objects.update(display_name="Ours", idle_timeout_seconds=7)
    ProviderModel.objects.update(context_length=5)

    assert import_text(BASE).changes == ()


def test_targets_and_synonyms_of_a_named_alias_are_exactly_those_of_the_file() -> None:
    import_text(BASE)

    import_text("- alias: fast\n  targets: [{provider: openai, model: gpt-4o}]")

    assert [str(target) for target in Target.objects.filter(alias__name="fast")] == ["openai/gpt-4o"]
    assert not Synonym.objects.exists()
    assert not ClaimedName.objects.filter(name="quick").exists()


def test_what_the_file_does_not_name_stays() -> None:
    import_text(BASE)

    import_text("- name: openai\n  models: [o3]")

    assert ProviderModel.objects.count() == 3
    assert Alias.objects.count() == 2


def test_a_name_may_move_from_one_alias_to_another() -> None:
    import_text(BASE)

    difference = import_text(
        "- alias: smart\n  additionalAliases: [quick]\n  targets: []\n- alias: fast\n  targets: []"
    )

    assert refusals(difference) == []
    assert Synonym.objects.get(name="quick").alias.name == "smart"


def test_the_order_of_the_file_becomes_the_order_of_the_targets() -> None:
    import_text(BASE)
    swapped = """
- alias: smart
  targets:
    - {alias: fast, weight: 30}
    - {provider: openai, model: gpt-4o, weight: 70}
"""

    import_text(swapped)

    assert [str(target) for target in Target.objects.filter(alias__name="smart")] == ["fast", "openai/gpt-4o"]


def test_a_condition_that_there_is_not_is_told_by_its_line() -> None:
    text = BASE.replace("weight: 30}", "weight: 30, conditions: [sunshine]}")

    (refused,) = refusals(import_text(text))

    assert refused.startswith("models[1].targets[1].conditions (line 15): Unknown: sunshine. Known are ")


def test_an_alias_of_nothing_but_fallbacks_is_refused() -> None:
    text = BASE.replace("model: gpt-4o-mini}", "model: gpt-4o-mini, conditions: [timeout]}")

    (refused,) = refusals(import_text(text))

    assert refused.startswith("models[0].targets (line 10): Every target waits for another one to fail.")


def test_an_address_that_the_file_leaves_out_is_taken_away() -> None:
    import_text(BASE)
    Endpoint.objects.create(provider=Provider.objects.get(), api_type="embeddings", base_url="https://e.example/v1")

    import_text(BASE)

    assert [endpoint.api_type for endpoint in Endpoint.objects.all()] == ["chat"]


# All or nothing


def test_a_refused_file_changes_nothing() -> None:
    difference = import_text(BASE.replace("weight: 70", "weight: 0"))

    assert refusals(difference) == [
        "models[1].targets[0].weight (line 14): A weight is at least 1. Disable the target to give it nothing."
    ]
    assert not difference.was_applied
    assert not Provider.objects.exists()


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    dry = import_text(BASE, dry_run=True)

    assert not dry.was_applied
    assert not Provider.objects.exists()
    assert dry.changes == import_text(BASE).changes


@pytest.mark.django_db(transaction=True)
def test_requests_never_see_a_dry_run() -> None:
    before = TABLE.current.version

    import_text(BASE, dry_run=True)

    assert TABLE.current.version == before


def test_every_wrong_place_is_said_at_once(settings: Settings) -> None:
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks()
    difference = import_text("""
providers:
  - name: direct
    baseUrls: {chat: "https://a.example/v1"}
    models: ["has space"]
  - name: local
    baseUrls: {chat: "http://127.0.0.1:11434/v1"}
    extraHeaders: {Authorization: x}
    models: [llama]
models:
  - alias: "no spaces"
    targets: [{provider: direct, model: m}]
  - alias: a
    additionalAliases: ["a b"]
    targets:
      - {provider: nobody, model: m}
      - {provider: local, model: m}
      - {alias: nothing}
  - alias: b
    weightMode: percent
    targets: []
  - alias: c
    weightMode: percent
    targets: [{alias: b, weight: 60}]
""")

    said = refusals(difference)

    assert [line.split(" (")[0] for line in said] == [
        "providers[0].name",
        "providers[0].models[0]",
        "providers[1].extraHeaders",
        "providers[1].baseUrls.chat",
        "models[0].alias",
        "models[1].additionalAliases[0]",
        "models[1].targets[0].provider",
        "models[1].targets[2].alias",
        "models[3].targets",
    ]
    assert "PLEXUS_PRIVATE_UPSTREAMS" in said[3]


def test_a_model_that_the_provider_does_not_have_is_refused() -> None:
    difference = import_text(BASE.replace("model: gpt-4o,", "model: gpt-5,"))

    assert refusals(difference) == [
        "models[1].targets[0].model (line 14): The provider “openai” has no model “gpt-5”. Add it to the provider’s models."
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- name: p\n- name: p", "providers[1].name"),
        ("- name: p\n  models: [m, m]", "providers[0].models[1]"),
        (
            "- alias: a\n  targets: []\n- alias: b\n  additionalAliases: [a]\n  targets: []",
            "models[1].additionalAliases[0]",
        ),
        ("- alias: a\n  targets: [{alias: b}, {alias: b, weight: 2}]", "models[0].targets[1]"),
    ],
)
def test_what_a_file_says_twice_is_refused(text: str, place: str) -> None:
    assert [line.split(" (")[0] for line in refusals(import_text(text))] == [place]


def test_a_circle_of_aliases_is_refused_at_the_link_that_closes_it() -> None:
    difference = import_text(
        "- alias: a\n  targets: [{alias: b}]\n- alias: b\n  targets: [{alias: c}]\n- alias: c\n  targets: [{alias: a}]"
    )

    assert refusals(difference) == [
        "models[2].targets[0].alias (line 6): An alias cannot reach itself: “c” → “a” → “b” → “c”. Remove a link."
    ]


def test_a_circle_may_be_turned_round_in_one_file() -> None:
    import_text("- alias: a\n  targets: [{alias: b}]\n- alias: b\n  targets: []")

    difference = import_text("- alias: b\n  targets: [{alias: a}]\n- alias: a\n  targets: []")

    assert refusals(difference) == []


def test_percentages_are_judged_when_all_targets_are_known() -> None:
    import_text(BASE)
    percent = """
- alias: smart
  weightMode: percent
  targets:
    - {provider: openai, model: gpt-4o, weight: 20}
    - {provider: openai, model: gpt-4o-mini, weight: 80}
"""

    assert refusals(import_text(percent)) == []
    assert import_text(percent.replace("80", "70")).is_refused


# The whole truth


def test_prune_deletes_what_the_file_does_not_name() -> None:
    import_text(BASE)

    difference = import_text(
        "providers: [{name: openai, baseUrls: {chat: 'https://api.openai.com/v1'}, models: [gpt-4o]}]\n"
        "models: [{alias: smart, targets: [{provider: openai, model: gpt-4o}]}]",
        prune=True,
    )

    assert refusals(difference) == []
    assert [str(model) for model in ProviderModel.objects.all()] == ["openai/gpt-4o"]
    assert [alias.name for alias in Alias.objects.all()] == ["smart"]
    assert import_text("providers: []\nmodels: []", prune=True).was_applied
    assert not Provider.objects.exists()


def test_prune_sets_back_what_the_file_does_not_say() -> None:
    import_text(BASE)
    Provider.objects.update(display_name="Ours")

    difference = import_text(BASE, prune=True)

    assert list(lines(difference.changes)) == ["~ provider openai", "    display_name: Ours → nothing"]


def test_prune_keeps_client_keys_and_says_what_they_lose() -> None:
    import_text(BASE)
    key = ClientKey(name="billing")
    key.make()
    key.save()
    key.allowed_aliases.add(Alias.objects.get(name="fast"))

    difference = import_text("providers: []\nmodels: []", prune=True)

    assert ClientKey.objects.get().name == "billing"
    assert any("“billing” lists “fast”" in line for line in warnings(difference))


def test_half_a_file_is_not_the_whole_truth() -> None:
    import_text(BASE)

    assert import_text("models: []", prune=True).is_refused
    assert Alias.objects.count() == 2


def test_prune_refuses_a_target_whose_model_would_be_deleted() -> None:
    import_text(BASE)

    difference = import_text(BASE.replace("[gpt-4o, gpt-4o-mini]", "[gpt-4o]"), prune=True)

    assert [line.split(" (")[0] for line in refusals(difference)] == ["models[0].targets[0].model"]
    assert ProviderModel.objects.count() == 2


def test_prune_refuses_a_target_whose_alias_would_be_deleted() -> None:
    import_text(BASE)
    without_fast = BASE.partition("  - alias: fast")[0] + "  - alias: smart\n    targets: [{alias: fast}]\n"

    difference = import_text(without_fast, prune=True)

    assert refusals(difference) == ["models[0].targets[0].alias (line 9): There is no alias “fast”."]
    assert Alias.objects.count() == 2


def test_created_updated_and_deleted_are_told_apart() -> None:
    import_text(BASE)

    difference = import_text("- alias: fast\n  listed: false\n  additionalAliases: [swift]\n  targets: []")

    assert {(change.deed, change.kind) for change in difference.changes} == {
        (Deed.DELETED, "target"),
        (Deed.DELETED, "synonym"),
        (Deed.UPDATED, "alias"),
        (Deed.CREATED, "synonym"),
    }


NO_ADDRESS = (
    "providers[0] (line 2): The provider “bare” has no address, so no request can go there. Add one for an API type."
)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_provider_without_any_address_is_warned_of(dry_run: bool) -> None:
    text = """providers:
  - name: bare
    baseUrl: https://api.example.com/v1
    auth: {type: none}
"""

    difference = import_text(text, dry_run=dry_run)

    assert NO_ADDRESS in warnings(difference)


def test_a_provider_whose_stored_address_stays_is_not_warned_of() -> None:
    import_text("providers: [{name: bare, auth: {type: none}, baseUrls: {chat: 'https://api.openai.com/v1'}}]")

    difference = import_text("providers: [{name: bare, auth: {type: none}}]")

    assert "no address" not in str(difference.findings)


def test_plain_http_to_a_public_name_is_imported_with_a_warning(settings: Settings) -> None:
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("10.0.0.0/8")
    difference = import_text(
        "providers: [{name: openai, auth: {type: none}, baseUrls: {chat: 'http://api.openai.com/v1'}}]"
    )

    (warning,) = warnings(difference)
    assert "“api.openai.com” looks like a public name" in warning
