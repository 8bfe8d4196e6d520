"""The pages of patterns, providers' own aliases and custom routes."""

import pytest
from django.test import Client

from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias
from tests.admin_pages import a_reader, an_administrator, errors_of, send_form, text_of
from tests.gateways import saved
from tests.routing.rows import a_model, an_alias

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    return an_administrator()


def test_a_pattern_is_made_and_shown(admin: Client) -> None:
    alias = an_alias("fast")

    send_form(admin, "/admin/routing/patternalias/add/", pattern="gpt-*", to_alias=alias.pk)

    assert PatternAlias.objects.get().behind == "fast"
    assert "gpt-*" in text_of(admin.get("/admin/routing/patternalias/"))


def test_what_is_wrong_with_a_pattern_stands_beside_its_field(admin: Client) -> None:
    model = a_model()

    page = send_form(
        admin, "/admin/routing/patternalias/add/", pattern="gpt", provider=model.provider.pk, model="nothing"
    )

    assert set(errors_of(page)) >= {"pattern", "model"}
    assert "let the provider take any model" in errors_of(page)["model"][0]
    assert not PatternAlias.objects.exists()


def test_a_providers_own_alias_is_made_and_shown(admin: Client) -> None:
    model = a_model()

    send_form(admin, "/admin/routing/provideralias/add/", provider=model.provider.pk, name="fast", model=model.name)

    assert str(ProviderAlias.objects.get()) == "fast → gpt-4o-mini"
    assert "gpt-4o-mini" in text_of(admin.get("/admin/routing/provideralias/"))


def test_a_route_is_made_and_shown_with_where_it_answers(admin: Client) -> None:
    provider = a_model().provider

    send_form(admin, "/admin/routing/customroute/add/", path="/openai", provider=provider.pk)

    route = CustomRoute.objects.get()
    assert "the provider openai" in text_of(admin.get("/admin/routing/customroute/"))
    assert "/openai/chat/completions" in text_of(admin.get(f"/admin/routing/customroute/{route.pk}/change/"))


@pytest.mark.parametrize("path", ["/admin/x", "openai", "/Team", "/team/models"])
def test_a_path_that_may_not_be_is_refused_beside_its_field(admin: Client, path: str) -> None:
    saved(CustomRoute(path="/team"))

    page = send_form(admin, "/admin/routing/customroute/add/", path=path)

    assert list(errors_of(page)) == ["path"]
    assert CustomRoute.objects.count() == 1


def test_the_default_is_set_on_the_alias_and_seen_in_the_list(admin: Client) -> None:
    alias = an_alias("fast", a_model())

    send_form(admin, f"/admin/routing/alias/{alias.pk}/change/", is_default="on")

    assert Alias.objects.get().is_default
    assert "the default" in text_of(admin.get("/admin/routing/alias/"))


def test_a_second_default_is_refused_beside_its_field(admin: Client) -> None:
    an_alias("fast", a_model(), is_default=True)
    other = an_alias("smart")

    page = send_form(admin, f"/admin/routing/alias/{other.pk}/change/", is_default="on")

    assert errors_of(page)["is_default"] == ["“fast” is the default already. Take it away there first."]


def test_what_leads_to_an_alias_is_named_before_it_is_deleted(admin: Client) -> None:
    alias = an_alias("fast", a_model())
    saved(PatternAlias(pattern="gpt-*", to_alias=alias))
    saved(CustomRoute(path="/team", alias=alias))

    page = text_of(admin.get(f"/admin/routing/alias/{alias.pk}/delete/"))

    assert "gpt-*" in page
    assert "/team" in page


def test_whoever_may_only_look_sees_all_of_it_and_changes_nothing() -> None:
    model = a_model()
    rows = [
        saved(PatternAlias(pattern="gpt-*", provider=model.provider, model="gpt-*")),
        saved(ProviderAlias(provider=model.provider, name="fast", model=model.name)),
        saved(CustomRoute(path="/openai", provider=model.provider)),
    ]
    reader = a_reader()

    for row in rows:
        address = f"/admin/routing/{row._meta.model_name}/{row.pk}/change/"
        assert reader.get(address).status_code == 200
        assert reader.post(address, {}).status_code == 403
