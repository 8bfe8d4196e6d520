"""Two operators at one form: the second is told what the first one changed, by name, and nothing is lost."""

from typing import Any

import pytest
from django.test import Client

from gateway.models import ClientKey
from providers.models import Provider, ProviderModel
from routing.models import Alias, Synonym, Target
from tests.admin_pages import an_administrator, filled, send_form, text_of
from tests.gateway.interchange.importing import BASE, import_text
from tests.gateways import saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Client:
    return an_administrator("ada")


@pytest.fixture
def bob() -> Client:
    return an_administrator("bob")


@pytest.fixture
def address() -> str:
    """Of the form of the alias “fast”, which has a target and a synonym."""
    import_text(BASE)
    return f"/admin/routing/alias/{Alias.objects.get(name='fast').pk}/change/"


def news_on(page: Any) -> list[str]:  # Any: the test client's response
    return [str(error) for error in page.context["adminform"].form.non_field_errors()]


def test_the_second_is_told_what_the_first_one_changed(ada: Client, bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get(address)
    send_form(ada, address, description="Ada was here", why="for the docs")

    answer = bob.post(address, filled(open_at_bobs, description="Bob was here"))

    told = news_on(answer)
    assert "nothing of yours is saved" in told[0]
    assert told[1].startswith("ada, ")
    assert "updated alias fast (description: nothing → Ada was here). “for the docs”" in told[1]
    assert Alias.objects.get(name="fast").description == "Ada was here"


def test_what_the_first_one_changed_stands_apart_from_what_to_do(ada: Client, bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get(address)
    send_form(ada, address, description="Ada was here")

    answer = bob.post(address, filled(open_at_bobs, description="Bob was here"))

    assert '<p class="mt-2">ada, ' in text_of(answer)


def test_what_the_second_typed_stays_in_the_form(ada: Client, bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get(address)
    send_form(ada, address, description="Ada was here")

    answer: Any = bob.post(address, filled(open_at_bobs, description="Bob was here", targets__0__weight="7"))

    assert answer.context["adminform"].form["description"].value() == "Bob was here"
    assert 'value="7"' in text_of(answer)


def test_who_has_read_the_news_may_save_again(ada: Client, bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get(address)
    send_form(ada, address, description="Ada was here")
    told = bob.post(address, filled(open_at_bobs, description="Bob was here"))

    bob.post(address, filled(told))

    assert Alias.objects.get(name="fast").description == "Bob was here"


@pytest.mark.parametrize("how", ["a target's weight", "a new synonym", "past all doors"])
def test_a_change_to_anything_that_belongs_to_it_counts(bob: Client, address: str, how: str) -> None:
    open_at_bobs: Any = bob.get(address)
    match how:
        case "a target's weight":
            target = Target.objects.get(alias__name="fast")
            target.weight = 7
            saved(target)
        case "a new synonym":
            saved(Synonym(alias=Alias.objects.get(name="fast"), name="speedy"))
        case "past all doors":
            Alias.objects.filter(name="fast").update(listed=False)

    answer = bob.post(address, filled(open_at_bobs, description="Bob was here"))

    assert len(news_on(answer)) >= 2
    assert Alias.objects.get(name="fast").description == ""


def test_a_change_to_another_alias_does_not_count(ada: Client, bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get(address)
    other = Alias.objects.get(name="smart")
    send_form(ada, f"/admin/routing/alias/{other.pk}/change/", description="Ada was here")

    bob.post(address, filled(open_at_bobs, description="Bob was here"))

    assert Alias.objects.get(name="fast").description == "Bob was here"


def test_a_mistake_of_ones_own_is_no_news(bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get(address)
    spoiled = bob.post(address, filled(open_at_bobs, name="not a name!", description="Bob was here"))

    bob.post(address, filled(spoiled, name="fast"))

    assert Alias.objects.get(name="fast").description == "Bob was here"


def test_a_provider_is_guarded_with_its_addresses_and_models(ada: Client, bob: Client, address: str) -> None:
    page = f"/admin/providers/provider/{Provider.objects.get().pk}/change/"
    open_at_bobs: Any = bob.get(page)
    send_form(ada, page, models__0__context_length="1000")

    answer = bob.post(page, filled(open_at_bobs, display_name="Bob's", credential="$BOBS"))

    assert "context_length: nothing → 1000" in news_on(answer)[1]
    assert Provider.objects.get().display_name == ""


def test_a_file_that_comes_between_is_told_too(bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get(address)
    import_text("models: [{alias: fast, description: From a file, targets: []}]")

    answer = bob.post(address, filled(open_at_bobs, description="Bob was here"))

    assert any("From a file" in sentence for sentence in news_on(answer))
    assert Alias.objects.get(name="fast").description == "From a file"


def test_what_somebody_else_switched_in_a_list_stays(ada: Client, bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get("/admin/routing/alias/")
    forms = open_at_bobs.context["cl"].formset.forms
    sent = {"form-TOTAL_FORMS": len(forms), "form-INITIAL_FORMS": len(forms), "_save": "Save", "_disable": "yes"}
    for form in forms:
        sent |= {form.add_prefix("id"): form.instance.pk, form["enabled"].html_initial_name: "True"}
        if form.instance.name != "smart":
            sent[form.add_prefix("enabled")] = "on"
    send_form(ada, address, enabled=None, _disable="yes")

    bob.post("/admin/routing/alias/", sent)

    assert list(Alias.objects.filter(enabled=True)) == []


def test_a_change_by_the_api_is_told_in_the_admin(ada: Client, bob: Client, address: str) -> None:
    open_at_bobs: Any = bob.get(address)
    ada.patch("/api/v1/aliases/fast", {"description": "By the API"}, content_type="application/json")

    answer = bob.post(address, filled(open_at_bobs, description="Bob was here"))

    assert "nothing → By the API" in news_on(answer)[1]
    assert Alias.objects.get(name="fast").description == "By the API"


def test_a_change_in_the_admin_is_told_by_the_api(ada: Client, bob: Client, address: str) -> None:
    seen = ada.get("/api/v1/aliases/fast").headers["ETag"]
    send_form(bob, address, description="Bob was here")

    answer = ada.patch(
        "/api/v1/aliases/fast", {"listed": False}, content_type="application/json", headers={"if-match": seen}
    )

    assert answer.status_code == 412
    assert "Bob was here" in text_of(answer)
    assert Alias.objects.get(name="fast").listed


def test_a_model_on_a_page_of_its_own_is_guarded(ada: Client, bob: Client, address: str) -> None:
    page = f"/admin/providers/providermodel/{ProviderModel.objects.order_by('pk')[0].pk}/change/"
    open_at_bobs: Any = bob.get(page)
    send_form(ada, page, context_length="1000")

    answer = bob.post(page, filled(open_at_bobs, max_in_flight="7"))

    (_, told) = news_on(answer)
    assert "context_length: nothing → 1000" in told
    assert not ProviderModel.objects.filter(max_in_flight=7).exists()


def test_a_client_key_is_guarded(ada: Client, bob: Client) -> None:
    key = ClientKey(name="billing")
    key.make()
    page = f"/admin/gateway/clientkey/{saved(key).pk}/change/"
    open_at_bobs: Any = bob.get(page)
    send_form(ada, page, access="listed")

    answer = bob.post(page, filled(open_at_bobs, name="invoices"))

    assert "access: everything → listed" in news_on(answer)[1]
    assert ClientKey.objects.get().name == "billing"
