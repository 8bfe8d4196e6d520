"""The rules of patterns, providers' own aliases, custom routes and the default alias."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias
from tests.gateways import saved
from tests.routing.rows import a_model, a_provider, an_alias, refusals

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("pattern", ["gpt-*", "*", "*-latest", "anthropic/*", "claude-*-latest"])
def test_a_pattern_holds_one_star(pattern: str) -> None:
    assert refusals(PatternAlias(pattern=pattern, to_alias=an_alias("fast"))) == {}


@pytest.mark.parametrize(
    "pattern",
    [
        "gpt-4o",
        "gpt-**",
        "*-*",
        "g p*",
        "gpt-*\n",
        "\0*",
        "gpt-*\u200b",
        "caf\u00e9-*",
        "cafe\u0301-*",
        "gpt-*\u00a0",
        "x" * 128 + "*",
    ],
)
def test_any_other_pattern_is_refused(pattern: str) -> None:
    assert "pattern" in refusals(PatternAlias(pattern=pattern, to_alias=an_alias("fast")))


def test_a_pattern_stands_once() -> None:
    saved(PatternAlias(pattern="gpt-*", to_alias=an_alias("fast")))

    assert refusals(PatternAlias(pattern="gpt-*", to_alias=an_alias("smart"))) == {"pattern": ["unique"]}


def test_a_pattern_leads_to_an_alias_or_to_a_model_of_a_provider() -> None:
    alias, provider = an_alias("fast"), a_provider()

    assert refusals(PatternAlias(pattern="gpt-*")) == {"to_alias": ["required"]}
    assert refusals(PatternAlias(pattern="gpt-*", to_alias=alias, provider=provider)) == {"to_alias": ["ambiguous"]}
    assert refusals(PatternAlias(pattern="gpt-*", to_alias=alias, model="x")) == {"to_alias": ["ambiguous"]}
    assert refusals(PatternAlias(pattern="gpt-*", provider=provider)) == {"model": ["required"]}
    assert refusals(PatternAlias(pattern="gpt-*", provider=provider, model="gpt-*")) == {}
    assert refusals(PatternAlias(pattern="gpt-*", provider=provider, model="*-*")) == {"model": ["invalid_pattern"]}


def test_a_model_that_is_written_out_is_one_of_the_provider_or_any_is_taken() -> None:
    model = a_model("openai/gpt-4o")
    anything = a_provider("openrouter", takes_any_model=True)

    assert refusals(PatternAlias(pattern="gpt-*", provider=model.provider, model="gpt-4o")) == {}
    assert refusals(PatternAlias(pattern="gpt-*", provider=model.provider, model="gpt-5")) == {
        "model": ["unknown_model"]
    }
    assert refusals(PatternAlias(pattern="gpt-*", provider=anything, model="x/y")) == {}
    assert refusals(ProviderAlias(provider=model.provider, name="fast", model="gpt-4o")) == {}
    assert refusals(ProviderAlias(provider=model.provider, name="fast", model="gpt-5")) == {"model": ["unknown_model"]}
    assert refusals(ProviderAlias(provider=anything, name="fast", model="x/y")) == {}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("fast", []),
        ("gpt-4*", []),
        ("*", []),
        ("a*b*c", []),
        ("a b", ["name"]),
        ("fast\u200b", ["name"]),
        ("f\u0430st", ["name"]),
    ],
)
def test_a_providers_own_alias_may_hold_stars_anywhere(name: str, fields: list[str]) -> None:
    model = a_model()

    assert list(refusals(ProviderAlias(provider=model.provider, name=name, model=model.name))) == fields


def test_a_providers_own_alias_stands_once_and_names_one_model() -> None:
    model = a_model()
    saved(ProviderAlias(provider=model.provider, name="fast", model=model.name))

    assert refusals(ProviderAlias(provider=model.provider, name="fast", model=model.name)) == {"__all__": ["taken"]}
    assert refusals(ProviderAlias(provider=model.provider, name="x*", model="gpt-*")) == {"model": ["invalid_name"]}
    assert refusals(ProviderAlias(name="fast", model="gpt")) == {"provider": ["null"]}


def test_a_route_is_for_a_provider_or_an_alias_or_all_names() -> None:
    alias, provider = an_alias("fast"), a_provider()

    assert refusals(CustomRoute(path="/a")) == {}
    assert refusals(CustomRoute(path="/a", alias=alias)) == {}
    assert refusals(CustomRoute(path="/a", provider=provider)) == {}
    assert refusals(CustomRoute(path="/a", provider=provider, alias=alias)) == {"alias": ["ambiguous"]}


def test_a_route_never_stands_where_something_else_does() -> None:
    saved(CustomRoute(path="/team"))

    assert refusals(CustomRoute(path="/admin/x")) == {"path": ["reserved"]}
    assert refusals(CustomRoute(path="/team/models")) == {"path": ["taken"]}
    assert refusals(CustomRoute(path="/team/a")) == {}
    with pytest.raises(Exception, match="answers at"), transaction.atomic():
        CustomRoute(path="/team/models").save()


def test_one_alias_at_most_is_the_default() -> None:
    first = an_alias("fast", is_default=True)

    assert refusals(Alias(name="smart", is_default=True)) == {"is_default": ["taken"]}
    assert refusals(first) == {}
    with pytest.raises(IntegrityError), transaction.atomic():
        Alias(name="smart", is_default=True).save()


def test_what_a_pattern_or_a_route_leads_to_is_not_deleted_under_it() -> None:
    alias, provider = an_alias("fast"), a_provider()
    saved(PatternAlias(pattern="gpt-*", to_alias=alias))
    saved(CustomRoute(path="/openai", provider=provider))

    with pytest.raises(ProtectedError):
        alias.delete()
    with pytest.raises(ProtectedError):
        provider.delete()
