"""Patterns, providers' own aliases, custom routes and the default alias, in files and back."""

import pytest

from gateway.interchange import plexus
from gateway.interchange.findings import Kind
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias
from tests.gateway.interchange.importing import exported, import_text, refusals

pytestmark = pytest.mark.django_db

EVERYTHING = """
providers:
  - name: openai
    baseUrls: {chat: "https://api.openai.com/v1"}
    auth: {apiKeyEnv: OPENAI_API_KEY}
    takesAnyModel: true
    aliases: {fast: gpt-3.5-turbo, "gpt-4*": gpt-4-turbo}
    models: [gpt-4o-mini]
models:
  - alias: fast
    default: true
    targets:
      - {provider: openai, model: gpt-4o-mini}
patterns:
  - {pattern: "gpt-*", provider: openai, model: "gpt-*"}
  - {pattern: "quick-*", alias: fast, enabled: false}
routes:
  - {path: /all}
  - {path: /openai, provider: openai}
  - {path: /team/a, alias: fast, apiType: embeddings, enabled: false}
"""


def test_a_file_says_all_of_it() -> None:
    difference = import_text(EVERYTHING)

    assert difference.was_applied
    assert Alias.objects.get().is_default
    assert {alias.name: alias.model for alias in ProviderAlias.objects.all()} == {
        "fast": "gpt-3.5-turbo",
        "gpt-4*": "gpt-4-turbo",
    }
    assert [(p.pattern, p.behind, p.enabled) for p in PatternAlias.objects.all()] == [
        ("gpt-*", "openai/gpt-*", True),
        ("quick-*", "fast", False),
    ]
    assert [(r.path, r.scope, r.api_type, r.enabled) for r in CustomRoute.objects.all()] == [
        ("/all", "all names", "chat", True),
        ("/openai", "the provider openai", "chat", True),
        ("/team/a", "the alias fast", "embeddings", False),
    ]


def test_what_is_exported_comes_back_as_no_change() -> None:
    import_text(EVERYTHING)
    text = exported()

    difference = import_text(text, prune=True)

    assert difference.changes == ()
    assert exported() == text


def test_what_a_pruning_file_does_not_name_is_deleted() -> None:
    import_text(EVERYTHING)

    import_text("providers: []\nmodels: []\n", prune=True)

    assert not any(kind.objects.exists() for kind in (Alias, ProviderAlias, PatternAlias, CustomRoute))


def test_what_any_other_file_does_not_name_stays() -> None:
    import_text(EVERYTHING)

    import_text("routes: [{path: /mine}]\n")

    assert ProviderAlias.objects.count() == PatternAlias.objects.count() == 2
    assert CustomRoute.objects.count() == 4


def test_a_provider_that_says_its_aliases_has_exactly_those() -> None:
    import_text(EVERYTHING)

    import_text("providers: [{name: openai, aliases: {smart: gpt-4o-mini}}]\n")

    assert [alias.name for alias in ProviderAlias.objects.all()] == ["smart"]


def test_what_points_at_something_else_now_may_lose_what_it_pointed_at() -> None:
    import_text(EVERYTHING)
    text = exported().replace("alias: fast", "alias: slow")

    difference = import_text(text, prune=True)

    assert difference.was_applied
    assert PatternAlias.objects.get(pattern="quick-*").behind == "slow"
    assert CustomRoute.objects.get(path="/team/a").scope == "the alias slow"


def test_the_default_moves_from_one_alias_to_another() -> None:
    import_text(EVERYTHING)
    text = "models: [{alias: a, default: true, targets: []}, {alias: fast, default: false, targets: []}]"

    difference = import_text(text)

    assert difference.was_applied
    assert Alias.objects.get(is_default=True).name == "a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patterns: [{pattern: 'x-*', alias: nobody}]", "patterns[0].alias (line 1): There is no alias “nobody”."),
        ("patterns: [{pattern: 'x-*', provider: nobody, model: y}]", "There is no provider “nobody”."),
        ("patterns: [{pattern: x, provider: openai, model: y}]", "patterns[0].pattern (line 1): A pattern holds one *"),
        ("routes: [{path: /admin}]", "routes[0].path (line 1): /admin is Plexus’s own."),
        ("routes: [{path: /a}, {path: /a}]", "The path “/a” stands here already"),
        ("routes: [{path: /all/v1}]", "/all answers at /all/v1 by itself."),
        ("models: [{alias: a, default: true, targets: []}]", "“fast” is the default already."),
        ("providers: [{name: openai, takesAnyModel: false, aliases: {a: nothing}}]", "has no model “nothing”."),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_place_and_changes_nothing(text: str, message: str) -> None:
    import_text(EVERYTHING)
    before = exported()

    difference = import_text(text)

    assert any(message in refusal for refusal in refusals(difference)), refusals(difference)
    assert exported() == before


def test_a_pattern_or_a_route_is_for_one_thing() -> None:
    reading = plexus.read(
        "patterns: [{pattern: 'x-*', alias: a, provider: b}]\nroutes: [{path: /x, alias: a, provider: b}]\n"
    )

    told = [str(finding) for finding in reading.findings if finding.kind is Kind.REFUSED]
    assert [line.count("not both") for line in told] == [1, 1]
