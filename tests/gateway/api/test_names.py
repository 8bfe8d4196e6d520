"""Patterns, custom routes and providers' own aliases over the API."""

import pytest

from routing.models import CustomRoute, PatternAlias, ProviderAlias
from tests.gateway.api.asking import Asking, an_administrator, an_alias, openai

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Asking:
    return an_administrator()


def test_a_pattern_has_an_address_with_its_star(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")
    made = api.send("POST", "patterns", {"pattern": "gpt-*", "to_alias": "fast"})

    reply = api.send("PATCH", "patterns/gpt-*", {"enabled": False})

    assert made.status_code == 201, made.json()
    assert reply.status_code == 200, reply.json()
    assert reply.json()["to_alias"] == "fast"
    assert not PatternAlias.objects.get().enabled


def test_a_pattern_is_renamed(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")
    api.send("POST", "patterns", {"pattern": "gpt-*", "to_alias": "fast"})

    reply = api.send("PUT", "patterns/gpt-*", {"pattern": "gpt-4*", "to_alias": "fast"})

    assert reply.json()["pattern"] == "gpt-4*"
    assert PatternAlias.objects.count() == 1


def test_a_pattern_that_is_there_is_not_made_again(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")
    api.send("POST", "patterns", {"pattern": "gpt-*", "to_alias": "fast"})

    reply = api.send("POST", "patterns", {"pattern": "gpt-*", "to_alias": "fast"})

    assert reply.json()["errors"][0]["pointer"] == "#/pattern"


def test_a_route_stands_at_its_own_path(api: Asking) -> None:
    openai("gpt-4o")
    made = api.send("POST", "routes", {"path": "/team/a", "provider": "openai"})

    reply = api.get("routes/team/a")

    assert made["Location"] == "/api/v1/routes/team/a"
    assert reply.json()["provider"] == "openai"


def test_a_route_never_shadows_a_page_of_ours(api: Asking) -> None:
    reply = api.send("POST", "routes", {"path": "/admin/x"})

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == "#/path"
    assert not CustomRoute.objects.exists()


def test_a_provider_has_aliases_of_its_own(api: Asking) -> None:
    openai("gpt-4o")

    reply = api.send("PATCH", "providers/openai", {"aliases": [{"name": "fast", "model": "gpt-4o"}]})

    assert reply.json()["aliases"] == [{"name": "fast", "model": "gpt-4o"}]
    assert ProviderAlias.objects.get().model == "gpt-4o"


def test_a_route_is_named_before_its_alias_is_deleted(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")
    api.send("POST", "routes", {"path": "/team", "alias": "fast"})

    refused = api.send("DELETE", "aliases/fast")
    forced = api.send("DELETE", "aliases/fast?force=1")

    (told,) = [sentence for sentence in refused.json()["breaks"] if "/team" in sentence]
    assert told == "Names and paths that would lead nowhere: route /team."
    assert forced.status_code == 204
    assert not CustomRoute.objects.exists()


def test_a_route_that_is_disabled_is_named_too_since_it_would_be_deleted(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")
    api.send("POST", "routes", {"path": "/team", "alias": "fast", "enabled": False})

    breaks = api.send("DELETE", "aliases/fast").json()["breaks"]

    assert [sentence for sentence in breaks if "/team" in sentence] == [
        "The custom route “/team” leads there, is disabled, and would be deleted too."
    ]


def test_an_alias_that_nothing_leads_to_is_deleted_at_once(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")

    assert api.send("DELETE", "aliases/fast").status_code == 204
