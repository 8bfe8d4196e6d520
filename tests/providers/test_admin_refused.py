"""A form of configuration that is refused: what was typed is there when it comes back, or it is said what is not."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from gateway.audit.models import ConfigRevision
from gateway.audit.recording import record_what_was_changed_outside
from providers.models import Endpoint, Provider, ProviderModel, vault
from routing.models import Alias, Target
from tests.admin_pages import an_administrator, errors_of, filled, send_form, text_of
from tests.gateways import saved

pytestmark = pytest.mark.django_db

ADD = "/admin/providers/provider/add/"
OLD, NEW = "sk-the-old-one", "sk-the-new-one"
NO_ADDRESS = "https://api.openai.com/v1?x=1"


@pytest.fixture
def admin() -> Client:
    return an_administrator()


@pytest.fixture
def provider() -> Provider:
    provider = saved(Provider(name="openai", credential=OLD))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://api.openai.com/v1"))
    saved(ProviderModel(provider=provider, name="gpt-4o"))
    return provider


def page_of(provider: Provider) -> str:
    return f"/admin/providers/provider/{provider.pk}/change/"


def told_by(answer: object) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]  # type: ignore[attr-defined]  # of the test client


def test_a_key_that_was_typed_into_a_refused_form_is_asked_for_again(admin: Client, provider: Provider) -> None:
    answer = send_form(admin, page_of(provider), credential=NEW, endpoints__0__base_url=NO_ADDRESS)

    assert errors_of(answer)["credential"] == [
        "What you typed was not kept: type it again, or leave it empty to keep the stored one."
    ]
    assert NEW not in text_of(answer)


def test_a_key_of_a_new_provider_is_asked_for_again(admin: Client) -> None:
    answer = send_form(admin, ADD, name="not a name", credential=NEW)

    assert errors_of(answer)["credential"] == ["What you typed was not kept: type it again."]


@pytest.mark.parametrize("typed", ["", "$OPENAI_API_KEY"])
def test_what_comes_back_is_not_asked_for_again(admin: Client, provider: Provider, typed: str) -> None:
    answer = send_form(admin, page_of(provider), credential=typed, endpoints__0__base_url=NO_ADDRESS)

    assert "credential" not in errors_of(answer)


def test_the_key_that_is_typed_again_is_stored(admin: Client, provider: Provider) -> None:
    refused = send_form(admin, page_of(provider), credential=NEW, endpoints__0__base_url=NO_ADDRESS)

    mended = filled(refused, credential=NEW, endpoints__0__base_url="https://api.openai.com/v1")
    admin.post(page_of(provider), mended)

    provider.refresh_from_db()
    assert vault().open(provider.credential) == NEW


@pytest.mark.parametrize("model", ["providers/provider", "routing/alias", "routing/customroute", "gateway/clientkey"])
def test_the_reason_comes_back_with_a_refused_form(admin: Client, model: str) -> None:
    answer = send_form(admin, f"/admin/{model}/add/", why="rotated the <key>")

    assert answer.status_code == 200
    assert 'name="why" maxlength="500" autocomplete="off" value="rotated the &lt;key&gt;"' in text_of(answer)


def test_a_form_that_is_sent_as_it_came_is_said_to_have_changed_nothing(admin: Client, provider: Provider) -> None:
    record_what_was_changed_outside()
    before = ConfigRevision.objects.count()

    answer = send_form(admin, page_of(provider), why="the new key")

    assert told_by(answer) == ["Nothing changed: all of this provider is as it was."]
    assert ConfigRevision.objects.count() == before


def test_a_key_that_replaces_another_is_a_change(admin: Client, provider: Provider) -> None:
    answer = send_form(admin, page_of(provider), credential=NEW)

    assert "changed successfully" in told_by(answer)[0]


def test_a_provider_that_is_saved_without_the_key_it_needs_is_told(admin: Client) -> None:
    answer = send_form(admin, ADD, name="openai", endpoints__0__base_url="https://api.openai.com/v1")

    warning = told_by(answer)[0]
    assert warning.startswith(
        "The provider “openai” has no credential, and its authentication (Authorization: Bearer …) needs one"
    )
    assert f'href="{page_of(Provider.objects.get())}#id_credential"' in warning


@pytest.mark.parametrize("said", [{"auth": "none"}, {"credential": NEW}])
def test_a_provider_with_all_that_it_needs_is_saved_without_a_warning(admin: Client, said: dict[str, Any]) -> None:
    answer = send_form(admin, ADD, name="openai", endpoints__0__base_url="https://api.openai.com/v1", **said)

    assert [told for told in told_by(answer) if "credential" in told] == []


def folded_sections(page: object) -> list[str | None]:
    adminform = page.context["adminform"]  # type: ignore[attr-defined]  # of the test client
    return [section.name for section in adminform if section.is_collapsible]


def test_only_the_section_with_a_mistake_unfolds(admin: Client, provider: Provider) -> None:
    answer = send_form(admin, page_of(provider), connect_timeout_seconds="1000")

    assert folded_sections(answer) == ["Requests", "Load and health"]


def test_a_section_that_was_filled_in_does_not_hide_it(admin: Client, provider: Provider) -> None:
    answer = send_form(admin, page_of(provider), max_in_flight="7", endpoints__0__base_url=NO_ADDRESS)

    assert folded_sections(answer) == ["Requests", "Timeouts"]


def test_the_message_at_the_top_leads_to_each_mistake(admin: Client, provider: Provider) -> None:
    answer = send_form(admin, page_of(provider), connect_timeout_seconds="1000", endpoints__0__base_url=NO_ADDRESS)

    top = text_of(answer).partition("plexus-mistakes")[2].partition("</ul>")[0]
    assert '<a href="#id_connect_timeout_seconds">Connect timeout seconds</a>: ' in top
    assert '<a href="#id_endpoints-0-base_url">Base URL</a>: ' in top
    assert 'id="id_endpoints-0-base_url"' in text_of(answer)


def test_a_mistake_among_several_rows_says_in_which(admin: Client, provider: Provider) -> None:
    saved(ProviderModel(provider=provider, name="gpt-4o-mini"))

    answer = send_form(admin, page_of(provider), models__1__name="")

    assert '<a href="#id_models-1-name">Name (model 2)</a>: ' in text_of(answer)


def test_a_model_that_cannot_be_deleted_is_not_shown_as_if_it_were(admin: Client, provider: Provider) -> None:
    model = provider.models.get()
    saved(Target(alias=saved(Alias(name="fast")), model=model))

    answer = send_form(admin, page_of(provider), models__0__DELETE="on")

    [row] = answer.context["inline_admin_formsets"][1].formset.initial_forms
    assert not row["DELETE"].value()
    assert 'name="models-0-DELETE" checked' not in text_of(answer)
    assert (
        "“openai/gpt-4o” is not deleted: the alias fast leads to it (target openai/gpt-4o). "
        "Change that first, or disable the model." in text_of(answer)
    )
