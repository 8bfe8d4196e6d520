"""Pages that are met seldom: where something is refused or others are at work, what others see, and changes by the hundred."""

from collections.abc import Mapping

import msgspec
from django.contrib.auth.models import Group, User
from django.db import connections
from django.http import HttpRequest
from django.urls import reverse
from django.views.defaults import server_error
from playwright.sync_api import Page

from gateway.api.models import ApiToken
from gateway.audit.models import ConfigRevision
from gateway.audit.recording import recording
from gateway.models import ClientKey
from history.models import QuarantinedRecord, RequestLog
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias
from tests.browser.changed import ANNA, PIPELINE
from tests.browser.furnished import OPERATOR, PASSWORD
from tests.browser.shot import Shot, change, page_of, submit
from tests.gateways import saved
from tests.history.exchanges import an_exchange
from tests.long_turn import LongTurn

AUDITOR, OWNER = "auditor", "kim"
MANY = 100
"""Models that come, change and go at once."""
PATIENCE_SECONDS = 1
"""For which the database of the pictures waits for others, in place of the product's twenty."""
GUARDRAILS = {"input": [{"name": "pii", "action": "redact", "entities": ["email", "iban"]}], "output": []}


def furnish_seldom() -> None:
    """People who may do little, a token that is over, an alias with guardrails, and changes by the hundred."""
    auditor = User.objects.get(username=AUDITOR)
    auditor.set_password(PASSWORD)
    auditor.save()
    owner = User.objects.create_user(OWNER, password=PASSWORD, is_staff=True)
    owner.groups.add(Group.objects.get(name="key owner"))
    ClientKey.objects.filter(name="support desk").update(owner=owner)
    code = Alias.objects.get(name="code")
    code.guardrails = GUARDRAILS
    saved(code)
    token = ApiToken(name="terraform", user=User.objects.get(username=OPERATOR), enabled=False)
    token.make()
    saved(token)
    furnish_quarantine()
    change_by_the_hundred()


def furnish_quarantine() -> None:
    """Two rows that no table takes: a number that is too large, and a line that is cut."""
    whole = str(an_exchange(request_bytes=2**63).id)
    text = msgspec.json.encode(an_exchange(id=whole, request_bytes=2**63)).decode()
    QuarantinedRecord.objects.create(request_id=whole, error="DataError: bigint out of range", row=text)
    cut = (
        "Unreadable: Input data was truncated, where a member of `attempts` was to end; "
        + "and what follows is not JSON, either. " * 4
    )
    QuarantinedRecord.objects.create(request_id=f"{whole[:-4]}0000", error=cut, row=text[:300])


def change_by_the_hundred() -> None:
    with recording(PIPELINE):
        provider = saved(Provider(name="together", display_name="Together AI", credential="$TOGETHER_API_KEY"))
        saved(Endpoint(provider=provider, api_type="chat", base_url="https://api.together.xyz/v1"))
        models = [
            saved(ProviderModel(provider=provider, name=f"meta-llama/Llama-3.{number}-Instruct-Turbo-Lite"))
            for number in range(MANY)
        ]
    with recording(ANNA):
        for number, model in enumerate(models):
            model.context_length, model.input_usd_per_mtok = 128_000, 1 + number
            model.output_usd_per_mtok = 3 + number
            model.save()
        for number in range(MANY):
            saved(ProviderModel(provider=provider, name=f"qwen/Qwen3-{number}B-A22B-Instruct-2507-tput"))


def shots_of_what_is_seldom() -> Mapping[str, list[Shot]]:
    """By who looks."""
    return {"": shots_for_nobody(), OPERATOR: shots_for_the_operator(), AUDITOR: for_readers(), OWNER: for_owners()}


def shots_for_nobody() -> list[Shot]:
    return [Shot(name="nowhere-nobody", address="/nowhere", status=404)]


def shots_for_the_operator() -> list[Shot]:
    openai, fast, code = (
        Provider.objects.get(name="openai"),
        Alias.objects.get(name="fast"),
        Alias.objects.get(name="code"),
    )
    model, embed = ProviderModel.objects.get(name="gpt-4o-mini"), Alias.objects.get(name="embed")
    unused = ProviderModel.objects.filter(provider__name="together").earliest("name")
    longest = RequestLog.objects.filter(attempt_count=3).latest("id")
    many = ConfigRevision.objects.latest("number")
    compared = f"{reverse('admin:gateway_configrevision_compare')}?old={many.number - 1}&new={many.number}"
    token, key = ApiToken.objects.get(name="terraform"), ClientKey.objects.get(name="web app")
    return [
        *(Shot(name=f"{row._meta.model_name}-delete", address=page_of(row, "delete")) for row in (openai, model, key, token)),
        Shot(name="model-delete-unused", address=page_of(unused, "delete")),
        Shot(name="alias-delete-of-key", address=page_of(embed, "delete")),
        Shot(name="models-delete-some", address=reverse("admin:providers_providermodel_changelist"), prepare=delete_all),
        Shot(name="alias-form-busy", address=change(fast), prepare=save_while_others_write, status=503),
        Shot(name="alias-form-guardrails", address=change(code)),
        Shot(name="history-three-attempts", address=change(longest)),
        Shot(name="revision-many", address=change(many)),
        Shot(name="revisions-compared-many", address=compared),
        Shot(name="roll-back-many", address=reverse("admin:gateway_configrevision_roll_back", args=[many.pk - 1])),
        Shot(name="token-form", address=change(token)),
        Shot(name="quarantine", address=reverse("admin:history_quarantinedrecord_changelist")),
        *(Shot(name=f"quarantine-{name}", address=change(row)) for name, row in zip(("cut", "whole"), QuarantinedRecord.objects.all(), strict=True)),
        Shot(name="broken", address=reverse("admin:index"), prepare=break_it),
        Shot(name="provider-delete-a-model", address=change(openai), prepare=cross_out),
        Shot(name="nowhere", address="/admin/nowhere/", status=404),
        Shot(name="no-such-alias", address=reverse("admin:routing_alias_change", args=[999_999])),
        Shot(name="form-too-old", address=change(fast), prepare=lose_the_cookie, status=403),
    ]  # fmt: skip


def for_readers() -> list[Shot]:
    """The auditor's view."""
    fast, openai = Alias.objects.get(name="fast"), Provider.objects.get(name="openai")
    key = ClientKey.objects.get(name="web app")
    newest = ConfigRevision.objects.latest("number")
    return [
        Shot(name="auditor-dashboard", address=reverse("admin:index")),
        Shot(name="auditor-alias", address=change(fast)),
        Shot(name="auditor-provider", address=change(openai)),
        Shot(name="auditor-key", address=change(key)),
        Shot(name="auditor-aliases", address=reverse("admin:routing_alias_changelist")),
        Shot(name="auditor-test-route", address=reverse("admin:routing_alias_test_route", args=[fast.pk])),
        Shot(name="auditor-files", address=reverse("admin:gateway_configuration_changelist")),
        Shot(name="auditor-health", address=reverse("admin:gateway_upstreamhealth_changelist")),
        Shot(name="auditor-revision", address=change(newest)),
        Shot(name="auditor-forbidden", address=reverse("admin:routing_alias_add"), status=403),
    ]


def for_owners() -> list[Shot]:
    """The key owner's view."""
    key = ClientKey.objects.get(name="support desk")
    return [
        Shot(name="owner-dashboard", address=reverse("admin:index")),
        Shot(name="owner-keys", address=reverse("admin:gateway_clientkey_changelist")),
        Shot(name="owner-key", address=change(key)),
        Shot(name="owner-history", address=reverse("admin:history_requestlog_changelist")),
        Shot(name="owner-tokens", address=reverse("admin:gateway_apitoken_changelist")),
        Shot(name="owner-forbidden", address=reverse("admin:routing_alias_changelist"), status=403),
    ]


def delete_all(page: Page) -> None:
    """Of the list's first page."""
    page.locator("#action-toggle").first.check()
    page.select_option("select[name=action]", "delete_selected")
    submit(page, "button[name=index]:visible")


def cross_out(page: Page) -> None:
    """The first model of the provider."""
    page.evaluate("document.querySelector('[name=models-0-DELETE]').checked = true")  # a bin stands for it
    submit(page, "[name=_save]")


def break_it(page: Page) -> None:
    """What a defect of ours is answered with: no page of ours has one."""
    page.set_content(server_error(HttpRequest()).content.decode())


def save_while_others_write(page: Page) -> None:
    options = connections.settings["default"]["OPTIONS"]
    patience, options["timeout"] = options["timeout"], PATIENCE_SECONDS
    turn = LongTurn()
    turn.begin()
    try:
        submit(page, "[name=_save]")
    finally:
        turn.end()
        options["timeout"] = patience


def lose_the_cookie(page: Page) -> None:
    """As after a login in another tab, which makes a new one."""
    page.evaluate(
        "document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(one => { one.value = 'x'.repeat(64) })"
    )
    submit(page, "[name=_save]")
