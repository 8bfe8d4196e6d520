"""What deleting or disabling something would break is said by name, before it is done."""

from typing import Any

import pytest
from django.test import Client

from gateway.consequences import consequences_of
from gateway.models import ClientKey
from providers.consequences import Deed
from providers.models import Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias, Synonym, Target
from tests.admin_pages import a_member_of_staff, a_reader, an_administrator, send_form, text_of
from tests.gateways import saved
from tests.routing.rows import a_model, a_provider, an_alias

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    return an_administrator()


def two_models() -> tuple[ProviderModel, ProviderModel]:
    """Of two providers that need no key."""
    for name in ("one", "two"):
        a_provider(name, auth="none")
    return a_model("one/m"), a_model("two/m")


def a_key_for(*behind: Alias | ProviderModel, name: str = "billing") -> ClientKey:
    key = ClientKey(name=name, access=ClientKey.Access.LISTED)
    key.make()
    saved(key)
    key.allowed_aliases.set([row for row in behind if isinstance(row, Alias)])
    key.allowed_models.set([row for row in behind if isinstance(row, ProviderModel)])
    return key


def page_of(provider: Provider) -> str:
    return f"/admin/providers/provider/{provider.pk}/change/"


# The sentences


def test_who_uses_it_and_who_would_have_nobody_left_are_told_apart() -> None:
    one, two = two_models()
    an_alias("both", one, two)
    an_alias("alone", one)
    an_alias("elsewhere", two)

    said = consequences_of(one.provider)

    assert said == ("2 aliases use the provider “one”: alone, both.", "Nobody could serve any more: alone.")


def test_nothing_is_changed_by_asking() -> None:
    one, _ = two_models()
    an_alias("alone", one)

    consequences_of(one.provider, Deed.DISABLING)

    assert Target.objects.get().enabled
    assert Provider.objects.get(name="one").enabled


def test_an_alias_above_one_that_would_have_nobody_left_is_named_too() -> None:
    one, _ = two_models()
    an_alias("above", an_alias("below", one))

    assert "Nobody could serve any more: above, below." in consequences_of(one)


def test_who_has_nobody_already_is_not_blamed_on_it() -> None:
    one, two = two_models()
    two.enabled = False
    saved(two)
    an_alias("dead", two)

    assert consequences_of(two) == ("1 alias uses the provider model “two/m”: dead.",)
    assert consequences_of(one) == ()


def test_ten_names_are_enough() -> None:
    one, two = two_models()
    for number in range(12):
        an_alias(f"alias-{number:02}", one, two)

    assert consequences_of(one)[0].endswith("alias-09 +2.")


def test_an_alias_takes_its_names_along() -> None:
    one, _ = two_models()
    alias = an_alias("fast", one)
    synonym = saved(Synonym(alias=alias, name="quick"))

    assert consequences_of(alias, Deed.DISABLING) == ("Requests would no longer find: fast, quick.",)
    assert consequences_of(synonym) == ("Requests would no longer find: quick.",)


def test_the_last_target_of_an_alias_leaves_it_with_nobody() -> None:
    one, _ = two_models()
    alias = an_alias("fast", one)

    assert consequences_of(alias.targets.get()) == ("Nobody could serve any more: fast.",)


def test_keys_that_list_nothing_else_are_named() -> None:
    one, two = two_models()
    fast, slow = an_alias("fast", one), an_alias("slow", two)
    a_key_for(fast)
    a_key_for(fast, slow, name="has another alias")
    a_key_for(fast, two, name="has a model")
    a_key_for(one, name="direct")

    assert "Client keys that could use nothing any more: billing." in consequences_of(fast)
    assert "Client keys that could use nothing any more: direct." in consequences_of(one.provider)


def test_what_nobody_uses_goes_in_silence() -> None:
    one, _ = two_models()

    assert consequences_of(one.provider) == ()


# The admin


@pytest.fixture
def provider_in_use() -> Provider:
    one, _ = two_models()
    an_alias("fast", one)
    return one.provider


def test_the_page_of_a_provider_asks_before_it_is_disabled(admin: Client, provider_in_use: Provider) -> None:
    asked = send_form(admin, page_of(provider_in_use), display_name="One", enabled=None)

    assert "Nobody could serve any more: fast." in text_of(asked)
    assert Provider.objects.get(name="one").enabled
    assert Provider.objects.get(name="one").display_name == ""


def test_after_a_yes_all_that_was_sent_is_saved(admin: Client, provider_in_use: Provider) -> None:
    asked = send_form(admin, page_of(provider_in_use), display_name="One", enabled=None)

    admin.post(page_of(provider_in_use), {**dict(asked.context["sent"]), "_disable": "yes"})

    assert not Provider.objects.get(name="one").enabled
    assert Provider.objects.get(name="one").display_name == "One"


def test_a_credential_never_waits_on_the_page_that_asks(admin: Client, provider_in_use: Provider) -> None:
    asked = send_form(admin, page_of(provider_in_use), credential="sk-typed-just-now", auth="bearer", enabled=None)

    assert "sk-typed-just-now" not in text_of(asked)
    assert "change one after the other" in text_of(asked)


def test_a_model_within_the_page_of_its_provider_is_asked_for_too(admin: Client, provider_in_use: Provider) -> None:
    asked = send_form(admin, page_of(provider_in_use), models__0__enabled=None)

    assert "1 alias uses the provider model “one/m”: fast." in text_of(asked)
    assert ProviderModel.objects.get(provider=provider_in_use).enabled


def test_a_model_that_is_deleted_within_the_page_of_its_provider_is_asked_for_too(admin: Client) -> None:
    one, _ = two_models()
    saved(PatternAlias(pattern="gpt-*", provider=one.provider, model="m"))
    a_key_for(one)

    asked = send_form(admin, page_of(one.provider), models__0__DELETE="on")
    still_there = ProviderModel.objects.filter(pk=one.pk).exists()
    admin.post(page_of(one.provider), {**dict(asked.context["sent"]), "_disable": "yes"})

    assert "Deleting one/m" in text_of(asked)
    assert "Delete and save" in text_of(asked)
    assert "Names and paths that would lead nowhere: pattern gpt-*." in text_of(asked)
    assert "Client keys that could use nothing any more: billing." in text_of(asked)
    assert still_there
    assert not ProviderModel.objects.filter(pk=one.pk).exists()


def test_a_model_that_cannot_be_deleted_is_refused_without_a_question(admin: Client, provider_in_use: Provider) -> None:
    answer = send_form(admin, page_of(provider_in_use), models__0__DELETE="on", models__0__enabled=None)

    assert "is not deleted: the alias fast leads to it (target one/m)." in text_of(answer)
    assert ProviderModel.objects.get(provider=provider_in_use).enabled


def test_a_model_that_nobody_uses_is_deleted_without_a_question(admin: Client) -> None:
    one, _ = two_models()

    send_form(admin, page_of(one.provider), models__0__DELETE="on")

    assert not ProviderModel.objects.filter(pk=one.pk).exists()


def test_a_target_is_replaced_by_another_without_a_question(admin: Client, provider_in_use: Provider) -> None:
    alias, other = Alias.objects.get(name="fast"), ProviderModel.objects.get(provider__name="two")
    address = f"/admin/routing/alias/{alias.pk}/change/"

    send_form(
        admin,
        address,
        [("targets", {"model": other.pk, "tier": 0, "enabled": "on", "position": 0})],
        targets__0__DELETE="on",
    )

    assert alias.targets.get().model == other


def test_whoever_may_not_delete_models_is_not_asked_about_it(provider_in_use: Provider) -> None:
    saved(PatternAlias(pattern="gpt-*", provider=provider_in_use, model="m"))
    Target.objects.all().delete()
    rights = (
        "view_provider",
        "change_provider",
        "view_endpoint",
        "change_endpoint",
        "view_providermodel",
        "change_providermodel",
    )
    editor = a_member_of_staff(*(f"providers.{one}" for one in rights))

    send_form(editor, page_of(provider_in_use), models__0__DELETE="on", display_name="One")

    assert Provider.objects.get(name="one").display_name == "One"
    assert ProviderModel.objects.filter(provider=provider_in_use).exists()


def test_what_nobody_uses_is_disabled_without_a_question(admin: Client) -> None:
    one, _ = two_models()

    send_form(admin, page_of(one.provider), enabled=None)

    assert not Provider.objects.get(name="one").enabled


def test_so_does_the_list_for_a_selection(admin: Client, provider_in_use: Provider) -> None:
    sent = {"action": "disable", "_selected_action": [provider_in_use.pk]}

    asked = admin.post("/admin/providers/provider/", sent)
    still_enabled = Provider.objects.get(name="one").enabled
    admin.post("/admin/providers/provider/", {**sent, "_disable": "yes"})

    assert "Nobody could serve any more: fast." in text_of(asked)
    assert still_enabled
    assert not Provider.objects.get(name="one").enabled


def test_so_does_the_list_for_a_box_that_was_emptied(admin: Client, provider_in_use: Provider) -> None:
    page: Any = admin.get("/admin/providers/provider/")
    forms = page.context["cl"].formset.forms
    rows = {form.add_prefix("id"): form.instance.pk for form in forms}
    shown = {form["enabled"].html_initial_name: "True" for form in forms}
    sent = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), **rows, **shown, "_save": "Save"}

    asked = admin.post("/admin/providers/provider/", sent)
    admin.post("/admin/providers/provider/", {**sent, "_disable": "yes"})

    assert "Disabling one" in text_of(asked)
    assert not Provider.objects.filter(enabled=True).exists()


def test_the_page_that_asks_before_a_deletion_says_it(admin: Client) -> None:
    one, _ = two_models()
    alias = an_alias("fast", one)
    a_key_for(alias)

    page = text_of(admin.get(f"/admin/routing/alias/{alias.pk}/delete/"))

    assert "Requests would no longer find: fast." in page
    assert "Client keys that could use nothing any more: billing." in page


def test_whoever_may_only_look_is_not_asked_but_refused(provider_in_use: Provider) -> None:
    reader = a_reader()

    answer = reader.post(page_of(provider_in_use), {"name": "one"})

    assert answer.status_code == 403


# Names and paths


def test_patterns_and_routes_that_lead_there_are_named() -> None:
    model, _ = two_models()
    alias = an_alias("fast", model, is_default=True)
    saved(PatternAlias(pattern="gpt-*", to_alias=alias))
    saved(PatternAlias(pattern="off-*", to_alias=alias, enabled=False))
    saved(CustomRoute(path="/team", alias=alias))

    said = consequences_of(alias, Deed.DISABLING)

    assert "Names and paths that would lead nowhere: pattern gpt-*, route /team." in said
    assert "Requests that name no model would be refused: this is the default alias." in said


def test_what_leads_to_a_provider_or_one_of_its_models_is_named() -> None:
    model, _ = two_models()
    saved(PatternAlias(pattern="gpt-*", provider=model.provider, model="m"))
    saved(PatternAlias(pattern="any-*", provider=model.provider, model="*"))
    saved(ProviderAlias(provider=model.provider, name="fast", model="m"))
    saved(CustomRoute(path="/one", provider=model.provider))

    assert consequences_of(model.provider) == (
        "Names and paths that would lead nowhere: pattern any-*, pattern gpt-*, route /one.",
    )
    assert consequences_of(model) == (
        "Names and paths that would lead nowhere: pattern gpt-*, provider alias fast → m.",
    )
