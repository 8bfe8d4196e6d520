"""The form and the list of providers: above all, what they never show."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import Settings

from providers.addresses import AllowedNetworks
from providers.models import Endpoint, Provider, ProviderModel, vault
from routing.models import Alias, CustomRoute, Target
from tests.admin_pages import a_member_of_staff, a_reader, an_administrator, errors_of, send_form, text_of
from tests.gateways import saved

pytestmark = pytest.mark.django_db

ADD = "/admin/providers/provider/add/"
LIST = "/admin/providers/provider/"
SECRET = "sk-this-is-the-secret"


@pytest.fixture
def admin() -> Client:
    return an_administrator()


def a_provider(**fields: Any) -> Provider:
    provider = saved(Provider(**{"name": "openai", "credential": SECRET, **fields}))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://api.openai.com/v1"))
    return provider


def page_of(provider: Provider) -> str:
    return f"/admin/providers/provider/{provider.pk}/change/"


def test_a_provider_is_made_with_its_address_and_models(admin: Client) -> None:
    answer = send_form(
        admin,
        ADD,
        name="openai",
        credential=SECRET,
        endpoints__0__base_url="https://api.openai.com/v1",
        models__0__name="gpt-4o-mini",
    )

    assert answer.status_code == 302
    provider = Provider.objects.get(name="openai")
    assert vault().open(provider.credential) == SECRET
    assert [str(model) for model in provider.models.all()] == ["openai/gpt-4o-mini"]
    assert [endpoint.base_url for endpoint in provider.endpoints.all()] == ["https://api.openai.com/v1"]


def test_an_empty_credential_keeps_what_is_stored(admin: Client) -> None:
    provider = a_provider()

    answer = send_form(admin, page_of(provider), display_name="OpenAI")

    assert answer.status_code == 302
    provider.refresh_from_db()
    assert provider.display_name == "OpenAI"
    assert vault().open(provider.credential) == SECRET


def test_a_typed_credential_replaces_the_stored_one(admin: Client) -> None:
    provider = a_provider()

    send_form(admin, page_of(provider), credential="$OPENAI_API_KEY")

    provider.refresh_from_db()
    assert provider.credential == "$OPENAI_API_KEY"


def test_the_stored_credential_is_removed_on_request(admin: Client) -> None:
    provider = a_provider()

    send_form(admin, page_of(provider), remove_credential="on")

    provider.refresh_from_db()
    assert provider.credential == ""


def test_a_new_credential_and_its_removal_contradict_each_other(admin: Client) -> None:
    provider = a_provider()

    answer = send_form(admin, page_of(provider), credential="sk-new", remove_credential="on")

    assert "not both" in errors_of(answer)["credential"][0]


def test_the_form_says_what_is_stored_and_shows_references(admin: Client) -> None:
    sealed, reference = a_provider(), a_provider(name="other", credential="$OTHER_KEY")

    assert "Now: stored, encrypted." in text_of(admin.get(page_of(sealed)))
    assert "Now: $OTHER_KEY." in text_of(admin.get(page_of(reference)))


@pytest.mark.parametrize("who", [an_administrator, a_reader])
def test_no_page_holds_the_secret_or_its_ciphertext(who: Any) -> None:
    provider = a_provider()
    model = saved(ProviderModel(provider=provider, name="gpt-4o"))
    browser = who()
    pages = [
        *(LIST, page_of(provider), f"/admin/providers/provider/{provider.pk}/history/"),
        *("/admin/providers/providermodel/", f"/admin/providers/providermodel/{model.pk}/change/"),
        "/admin/search/?s=openai&extended=1",
    ]

    for url in pages:
        page = browser.get(url, follow=True)
        assert page.status_code == 200, url
        assert SECRET not in text_of(page)
        assert provider.credential not in text_of(page)


def test_a_refused_form_does_not_come_back_with_the_secret(admin: Client) -> None:
    answer = send_form(admin, ADD, name="not a name", credential=SECRET)

    assert "name" in errors_of(answer)
    assert SECRET not in text_of(answer)


def test_the_history_of_a_provider_says_that_the_credential_changed_and_not_to_what(admin: Client) -> None:
    send_form(admin, page_of(a_provider()), credential="sk-another")

    entry = LogEntry.objects.get()
    assert "Credential" in entry.change_message
    assert "sk-another" not in entry.change_message
    assert "sealed" not in entry.change_message


def test_nobody_searches_by_a_secret(admin: Client) -> None:
    a_provider()

    assert admin.get(LIST, {"credential__startswith": "sealed"}).status_code == 400
    assert admin.get("/admin/providers/providermodel/", {"provider__credential__startswith": "s"}).status_code == 400


def test_an_address_that_may_not_be_called_is_said_beside_it(admin: Client) -> None:
    answer = send_form(admin, ADD, name="local", auth="none", endpoints__0__base_url="http://169.254.169.254/v1")

    assert "never called" in errors_of(answer)["endpoints-0-base_url"][0]


def test_a_stored_key_goes_to_another_host_only_with_the_credential_entered_again(admin: Client) -> None:
    provider = a_provider()
    moved: dict[str, Any] = {"endpoints__0__base_url": "https://evil.example.com/v1"}

    refused = send_form(admin, page_of(provider), **moved)
    taken = send_form(admin, page_of(provider), credential=SECRET, **moved)

    assert "Enter the credential again" in errors_of(refused)["endpoints-0-base_url"][0]
    assert taken.status_code == 302
    assert provider.endpoints.get().base_url == "https://evil.example.com/v1"


def test_two_addresses_for_one_api_type_are_refused(admin: Client) -> None:
    provider = a_provider()
    twin = ("endpoints", {"api_type": "chat", "base_url": "https://other.example.com/v1"})

    answer = send_form(admin, page_of(provider), [twin])

    assert answer.status_code == 200
    assert provider.endpoints.count() == 1


def test_a_provider_in_use_says_which_alias_stands_in_the_way(admin: Client) -> None:
    provider = a_provider()
    model = saved(ProviderModel(provider=provider, name="gpt-4o"))
    saved(Target(alias=saved(Alias(name="fast")), model=model))

    answer = admin.post(f"/admin/providers/provider/{provider.pk}/delete/", {"post": "yes"})

    assert "Target of the alias fast: openai/gpt-4o" in text_of(answer)
    assert Provider.objects.exists()


def test_what_uses_a_provider_is_named_with_the_way_there(admin: Client) -> None:
    provider = a_provider()
    model = saved(ProviderModel(provider=provider, name="gpt-4o"))
    alias = saved(Alias(name="fast"))
    saved(Target(alias=alias, model=model))
    route = saved(CustomRoute(path="/demo", provider=provider))

    page = admin.get(f"/admin/providers/provider/{provider.pk}/delete/").content.decode()

    assert f'href="/admin/routing/alias/{alias.pk}/change/">Target of the alias fast: openai/gpt-4o</a>' in page
    assert f'href="/admin/routing/customroute/{route.pk}/change/">Custom route: /demo</a>' in page
    assert "1 alias uses the provider “openai”: fast." in page
    assert "None" not in text_of(admin.get(f"/admin/providers/provider/{provider.pk}/delete/"))


def test_a_provider_in_use_is_disabled_instead_from_the_page_that_cannot_delete_it(admin: Client) -> None:
    provider = a_provider()
    saved(CustomRoute(path="/demo", provider=provider))
    page = admin.get(f"/admin/providers/provider/{provider.pk}/delete/").content.decode()
    form = page.partition(f'<form method="post" action="{LIST}"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'<input type="hidden" name="(action|_selected_action)" value="(\w+)"', form))

    asked = admin.post(LIST, sent)
    admin.post(LIST, {**sent, "_disable": "yes"})

    assert "Disable instead" in form
    assert f'href="{page_of(provider)}"' in form
    assert "Names and paths that would lead nowhere: route /demo." in text_of(asked)
    provider.refresh_from_db()
    assert not provider.enabled


def test_who_may_not_change_a_provider_is_offered_only_the_way_back() -> None:
    provider = a_provider()
    saved(CustomRoute(path="/demo", provider=provider))
    deleter = a_member_of_staff("providers.view_provider", "providers.delete_provider", "providers.delete_endpoint")

    page = deleter.get(f"/admin/providers/provider/{provider.pk}/delete/").content.decode()

    assert "Custom route: /demo" in page
    assert "/admin/routing/customroute/" not in page
    assert "Disable instead" not in page
    assert ">Back</a>" in page


def test_a_model_in_use_is_not_removed_from_its_provider(admin: Client) -> None:
    provider = a_provider()
    model = saved(ProviderModel(provider=provider, name="gpt-4o"))
    saved(Target(alias=saved(Alias(name="fast")), model=model))

    answer = send_form(admin, page_of(provider), models__0__DELETE="on")

    assert answer.status_code == 200
    assert "is not deleted: the alias fast leads to it (target openai/gpt-4o)." in text_of(answer)
    assert ProviderModel.objects.exists()


def test_a_provider_with_many_models_links_to_their_list(admin: Client) -> None:
    provider = a_provider()
    for place in range(26):
        ProviderModel(provider=provider, name=f"m{place}").save()

    page = admin.get(page_of(provider))

    assert "26 models, in a list of their own" in text_of(page)
    assert send_form(admin, page_of(provider), display_name="Many").status_code == 302


def test_the_list_tells_a_credential_that_this_process_cannot_use(admin: Client) -> None:
    a_provider(credential="$NOBODY_SET_THIS")

    assert "$NOBODY_SET_THIS, unusable here" in text_of(admin.get(LIST))


def test_a_model_is_found_as_provider_slash_model(admin: Client) -> None:
    provider = a_provider()
    saved(ProviderModel(provider=provider, name="meta/llama:free"))
    saved(ProviderModel(provider=provider, name="gpt-4o"))

    found = admin.get(
        "/admin/autocomplete/",
        {"term": "openai/meta/ll", "app_label": "routing", "model_name": "target", "field_name": "model"},
    )

    assert [row["text"] for row in found.json()["results"]] == ["openai/meta/llama:free"]


def test_the_api_types_of_a_model_are_chosen_from_those_we_speak(admin: Client) -> None:
    model = saved(ProviderModel(provider=a_provider(), name="gpt-4o"))

    send_form(admin, f"/admin/providers/providermodel/{model.pk}/change/", api_types=["chat", "embeddings"])

    model.refresh_from_db()
    assert model.api_types == ["chat", "embeddings"]


def test_half_a_price_is_said_beside_the_other_half(admin: Client) -> None:
    model = saved(ProviderModel(provider=a_provider(), name="gpt-4o"))

    answer = send_form(admin, f"/admin/providers/providermodel/{model.pk}/change/", input_usd_per_mtok="0.15")

    assert errors_of(answer)["output_usd_per_mtok"] == ["Give both prices, input and output, or neither."]


def test_whoever_may_only_look_sees_names_and_no_ciphertext() -> None:
    provider = a_provider(extra_headers={"Helicone-Auth": "Bearer sk-another", "X-Title": "plexus"})

    page = text_of(a_reader().get(page_of(provider)))

    assert "Helicone-Auth: stored, X-Title: plexus" in page
    assert provider.extra_headers["Helicone-Auth"] not in page


def test_plain_http_to_a_public_name_is_warned_of_once_it_is_saved(admin: Client, settings: Settings) -> None:
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("10.0.0.0/8")
    answer = send_form(admin, ADD, name="openai", credential=SECRET, endpoints__0__base_url="http://api.openai.com/v1")

    assert answer.status_code == 302
    assert "“api.openai.com” looks like a public name" in text_of(admin.get(LIST))
