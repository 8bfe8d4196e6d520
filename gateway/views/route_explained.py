"""The page “Test route”: what would happen to a request for an alias now, and one real request to see it happen."""

import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from gateway import trial
from gateway.last_word import nobody_can
from gateway.standings import explained
from gateway.views.openai import SERVED_API_TYPES
from providers import wire
from providers.admin.unfolded import TextAreaWidget
from routing.entrances import resolve_at
from routing.models import Alias, Target
from routing.prospects import Prospect
from routing.selection import SELECTORS
from routing.store import TABLE
from routing.table import LeftOut, Route, RoutingTable, UnknownModel

TEMPLATE = "admin/routing/alias/test_route.html"


class PromptForm(forms.Form):
    prompt = forms.CharField(
        max_length=20_000,
        initial="Say hello in five words.",
        widget=TextAreaWidget(attrs={"rows": 3}),
        error_messages={"required": "Write something to send."},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One upstream in the order of this draw."""

    place: int
    prospect: Prospect
    target: Target | None
    url: str

    @property
    def percent(self) -> float:
        return round(100 * self.prospect.chance, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What would happen to a request now."""

    rows: list[Row]
    left_out: list[LeftOut]
    refusal: str = ""
    """What clients are told where there are no rows: status and code."""
    is_unknown: bool = False
    """The alias is disabled: clients are told that there is no such model."""


def page(request: HttpRequest, alias: Alias, *, may_send: bool, site: AdminSite) -> HttpResponse:
    """GET explains; POST sends the prompt, then explains. Raises PermissionDenied."""
    if request.method == "POST" and not may_send:
        raise PermissionDenied
    api_type = request.GET.get("api", "chat")
    api_type = api_type if api_type in SERVED_API_TYPES else "chat"
    form = PromptForm(request.POST or None)
    context = {
        **site.each_context(request),
        "title": "Test route",
        "subtitle": alias.name,
        "alias": alias,
        "selector": SELECTORS[alias.selector].label,
        "api_type": api_type,
        "api_types": [(name, wire.FORMATS[name].label) for name in SERVED_API_TYPES],
        "outlook": outlook(alias.name, api_type),
        "form": form,
        "may_send": may_send,
        **(send(alias, form.cleaned_data["prompt"], request) if form.is_valid() else {}),
    }
    return TemplateResponse(request, TEMPLATE, context)


class NoSuchRoute(LookupError):
    """No custom route that is enabled stands at this path."""


def outlook(name: str, api_type: str, path: str = "") -> Outlook:
    """The order of one draw over the newest table, with each upstream's chance, and what is left out.

    `path`: of the custom route that the request comes in by; empty for none. Raises NoSuchRoute.
    """
    TABLE.catch_up()
    table = TABLE.current
    entrance = table.entrances.get(path)
    if path and entrance is None:
        raise NoSuchRoute(path)
    try:
        route = table.resolve(name) if entrance is None else resolve_at(table, entrance, name)
    except UnknownModel:
        return Outlook(rows=[], left_out=[], is_unknown=True)
    return outlook_of(route, table, name, api_type)


def outlook_of(route: Route, table: RoutingTable, name: str, api_type: str) -> Outlook:
    """The same for what a name was found to mean."""
    plan, prospects = explained(table, route, api_type)
    targets = Target.objects.in_bulk([p.step.target_id for p in prospects if p.step.target_id is not None])
    rows = [
        Row(
            place=place,
            prospect=prospect,
            target=targets.get(prospect.step.target_id or 0),
            url=prospect.step.upstream.urls.get(api_type, ""),
        )
        for place, prospect in enumerate(prospects, start=1)
    ]
    refused = nobody_can(name, plan)
    return Outlook(rows=rows, left_out=unique(plan.left_out), refusal=f"{refused.status} {refused.code}")


def unique(left_out: list[LeftOut]) -> list[LeftOut]:
    """Each once, in order: an alias may be reached on two ways."""
    return list({(one.target, one.reason): one for one in left_out}.values())


def send(alias: Alias, prompt: str, request: HttpRequest) -> dict[str, Any]:
    """Send a real chat request through the gateway. What the page needs of its outcome."""
    try:
        result = trial.send(alias.name, prompt, request.user.get_username())
    except (trial.NoGateway, trial.NoAnswer) as exc:
        return {"notice": str(exc)}
    return {"trial": result, "usage": usage_in(result.raw_body), "history_url": history_url(result.request_id)}


def usage_in(body: bytes | str) -> str:
    """ "12 in, 5 out" of an answer in OpenAI's shape; empty when it does not say."""
    try:
        usage = json.loads(body)["usage"]
        return f"{int(usage['prompt_tokens']):,} in, {int(usage['completion_tokens']):,} out"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def history_url(request_id: str) -> str:
    """Where the history shows this request, a moment after it ended."""
    try:
        return reverse("admin:history_requestlog_change", args=[request_id])
    except NoReverseMatch:
        return ""
