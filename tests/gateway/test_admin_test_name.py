"""The page “Test a name”: what a name means by a custom route or a pattern."""

import pytest
from django.test import Client

from routing.models import CustomRoute, PatternAlias, ProviderAlias
from tests.admin_pages import a_member_of_staff, an_administrator, text_of
from tests.gateways import forget_configuration, saved
from tests.routing.rows import a_model, an_alias

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin() -> Client:
    forget_configuration()
    return an_administrator()


def page_of(row: CustomRoute | PatternAlias) -> str:
    return f"/admin/routing/{row._meta.model_name}/{row.pk}/test-name/"


def a_route() -> CustomRoute:
    model = a_model(
        "openai/gpt-4o",
    )
    model.provider.auth = "none"
    model.provider.save()
    saved(ProviderAlias(provider=model.provider, name="smart", model="gpt-4o"))
    return saved(CustomRoute(path="/openai", provider=model.provider))


def test_a_name_is_explained_as_the_route_knows_it(admin: Client) -> None:
    route = a_route()

    page = text_of(admin.get(page_of(route)))

    assert 'value="smart"' in page
    assert "It means <b>openai/gpt-4o</b>, by /openai, its alias smart." in page
    assert "100 %" in page


@pytest.mark.parametrize(
    ("name", "said"), [("nobody", "there is no model “nobody”"), ("", "names no model is refused here")]
)
def test_what_clients_are_told_otherwise_is_said(admin: Client, name: str, said: str) -> None:
    assert said in text_of(admin.get(page_of(a_route()), {"name": name}))


def test_a_disabled_route_stands_nowhere(admin: Client) -> None:
    route = a_route()
    route.enabled = False
    route.save()

    assert "nothing stands at its path" in text_of(admin.get(page_of(route)))


def test_a_pattern_is_tried_with_a_name_of_its_shape(admin: Client) -> None:
    pattern = saved(PatternAlias(pattern="gpt-*", to_alias=an_alias("fast", a_model())))

    page = text_of(admin.get(page_of(pattern)))

    assert "It means <b>fast</b>, by pattern gpt-*." in page


def test_a_model_that_nobody_stored_is_explained_too(admin: Client) -> None:
    route = a_route()
    assert route.provider is not None
    route.provider.takes_any_model = True
    route.provider.save()

    page = text_of(admin.get(page_of(route), {"name": "<script>alert(1)</script>"}))

    assert "<script>alert(1)" not in page
    assert "openai/&lt;script&gt;" in page


def test_whoever_may_not_see_routes_sees_none_of_it() -> None:
    forget_configuration()

    assert a_member_of_staff("routing.view_alias").get(page_of(a_route())).status_code == 403
