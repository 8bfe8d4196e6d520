"""What the admin says of aliases when what stands behind them is disabled."""

import pytest
from django.test import Client

from providers.models import Provider, ProviderModel
from routing.admin.losses import loss_through
from routing.models import Alias
from tests.admin_pages import an_administrator, send_form, text_of
from tests.gateways import saved
from tests.routing.rows import a_model, a_provider, an_alias

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    return an_administrator()


def disabled(row: Provider | ProviderModel | Alias) -> Provider | ProviderModel | Alias:
    row.enabled = False
    return saved(row)


def two_models() -> tuple[ProviderModel, ProviderModel]:
    """Of two providers that need no key."""
    for name in ("one", "two"):
        a_provider(name, auth="none")
    return a_model("one/m"), a_model("two/m")


def test_who_loses_a_target_and_who_has_nobody_left_are_told_apart() -> None:
    one, two = two_models()
    an_alias("both", one, two)
    an_alias("alone", one)
    an_alias("elsewhere", two)

    said = loss_through(disabled(one.provider))

    assert said == "“one” no longer gets requests from: alone, both. Nobody can serve now: alone."


def test_an_alias_above_one_that_has_nobody_left_is_named_too() -> None:
    one, _ = two_models()
    an_alias("above", an_alias("below", one))

    assert "Nobody can serve now: above, below." in loss_through(disabled(one))


def test_ten_names_are_enough() -> None:
    one, two = two_models()
    for number in range(12):
        an_alias(f"alias-{number:02}", one, two)

    assert loss_through(disabled(one)).endswith("alias-09 +2.")


def test_what_nobody_uses_is_disabled_in_silence() -> None:
    one, _ = two_models()

    assert loss_through(disabled(one.provider)) == ""


def test_the_page_of_a_provider_says_it_after_saving(admin: Client) -> None:
    one, _ = two_models()
    an_alias("fast", one)
    address = f"/admin/providers/provider/{one.provider.pk}/change/"

    send_form(admin, address, enabled=None)

    assert "Nobody can serve now: fast." in text_of(admin.get(address))


def test_so_does_the_list_for_a_selection(admin: Client) -> None:
    one, _ = two_models()
    an_alias("fast", one)
    address = "/admin/providers/provider/"

    page = admin.post(address, {"action": "disable", "_selected_action": [one.provider.pk]}, follow=True)

    assert "Nobody can serve now: fast." in text_of(page)
