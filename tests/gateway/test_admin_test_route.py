"""The page “Test route”: what would happen now, and a real request."""

from typing import Any

import pytest
from django.test import Client

from history.models import RequestLog
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, Target
from tests.admin_pages import a_member_of_staff, an_administrator, text_of
from tests.gateways import RunningGateway, eventually, forget_configuration, saved


def page_of(alias: Alias) -> str:
    return f"/admin/routing/alias/{alias.pk}/test-route/"


def a_model(provider: str, **fields: Any) -> ProviderModel:
    owner = saved(Provider(**{"name": provider, "auth": "none", **fields}))
    saved(Endpoint(provider=owner, api_type="chat", base_url="https://api.example.com/v1"))
    return saved(ProviderModel(provider=owner, name="m"))


@pytest.mark.django_db(transaction=True)
class TestWhatWouldHappen:
    @pytest.fixture(autouse=True)
    def fresh_start(self, transactional_db: None) -> None:
        """Versions begin anew with every empty database: the table of the test before may have this one's."""
        forget_configuration()

    def test_each_target_has_its_chance(self) -> None:
        alias = saved(Alias(name="fast"))
        saved(Target(alias=alias, model=a_model("one"), weight=3))
        saved(Target(alias=alias, model=a_model("two"), weight=1))

        page: Any = an_administrator().get(page_of(alias))

        rows = page.context["outlook"].rows
        assert {row.prospect.step.upstream.provider: row.percent for row in rows} == {"one": 75, "two": 25}

    def test_what_is_left_out_says_why(self) -> None:
        alias = saved(Alias(name="fast"))
        saved(Target(alias=alias, model=a_model("off", enabled=False)))
        saved(Target(alias=alias, model=a_model("poor", auth="bearer", credential="$NOBODY_SET_THIS")))

        page = text_of(an_administrator().get(page_of(alias)))

        assert "the provider “off” is disabled" in page
        assert "NOBODY_SET_THIS is not set" in page
        assert "503 no_enabled_targets" in page

    def test_a_credential_that_is_not_sent_is_not_looked_for(self) -> None:
        alias = saved(Alias(name="fast"))
        saved(Target(alias=alias, model=a_model("local", credential="$NOBODY_SET_THIS")))

        page: Any = an_administrator().get(page_of(alias))

        assert len(page.context["outlook"].rows) == 1

    def test_the_api_type_decides_who_can(self) -> None:
        alias = saved(Alias(name="fast"))
        saved(Target(alias=alias, model=a_model("one")))

        page = text_of(an_administrator().get(page_of(alias), {"api": "embeddings"}))

        assert "does not speak embeddings, only chat" in page
        assert "clients get 400 unsupported_api_type" in page

    def test_only_what_the_gateway_serves_is_offered(self) -> None:
        alias = saved(Alias(name="fast"))
        saved(Target(alias=alias, model=a_model("one")))

        page: Any = an_administrator().get(page_of(alias), {"api": "messages"})

        assert [name for name, _ in page.context["api_types"]] == ["chat", "completions", "embeddings"]
        assert page.context["api_type"] == "chat"

    def test_a_disabled_alias_is_unknown_to_clients(self) -> None:
        alias = saved(Alias(name="fast", enabled=False))

        page = text_of(an_administrator().get(page_of(alias)))

        assert "there is no such model" in page

    def test_without_a_running_gateway_nothing_is_sent(self) -> None:
        alias = saved(Alias(name="fast"))

        page = text_of(an_administrator().post(page_of(alias), {"prompt": "Hello!"}))

        assert "This process serves no gateway" in page

    def test_whoever_may_only_look_sees_the_route_and_sends_nothing(self) -> None:
        alias = saved(Alias(name="fast"))
        reader = a_member_of_staff("routing.view_alias")

        assert "Send a real request" not in text_of(reader.get(page_of(alias)))
        assert reader.post(page_of(alias), {"prompt": "Hello!"}).status_code == 403

    def test_whoever_may_not_see_aliases_sees_no_route(self) -> None:
        alias = saved(Alias(name="fast"))
        stranger = a_member_of_staff("providers.view_provider")

        assert stranger.get(page_of(alias)).status_code == 403

    def test_the_button_stands_on_the_page_of_the_alias(self) -> None:
        alias = saved(Alias(name="fast"))

        page = text_of(an_administrator().get(f"/admin/routing/alias/{alias.pk}/change/"))

        assert page_of(alias) in page


def test_a_real_request_is_sent_answered_and_recorded(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    admin: Client = an_administrator()

    page: Any = admin.post(page_of(alias), {"prompt": "Hello!"})

    trial = page.context["trial"]
    assert trial.status == 200
    assert trial.provider == "openai"
    assert trial.text in text_of(page)
    assert page.context["usage"]
    row = eventually(lambda: RequestLog.objects.filter(pk=trial.request_id).first())
    assert row.key_name == "admin: root"
    assert str(row.pk) in page.context["history_url"]


def test_an_upstream_that_fails_is_said_and_no_crash(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model(gateway.provider("gone", url="http://127.0.0.1:9/v1"), "m"))

    page: Any = an_administrator().post(page_of(alias), {"prompt": "Hello!"})

    assert page.context["trial"].status >= 500
    assert page.context["trial"].error in text_of(page).replace("&#x27;", "'").replace("&quot;", '"')
