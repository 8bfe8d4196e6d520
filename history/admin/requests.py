"""Requests in the admin. Everyone who may see them may only see them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from unfold.views import ChangeList

from history.admin import filters
from history.admin.paging import NewestFirst
from history.admin.timeline import tries_of
from history.costs import may_be_billed
from history.models import RequestLog
from history.shown import NONE, shown_bytes, shown_count, shown_duration, shown_usd
from providers.admin.moments import shown_moment
from providers.admin.unfolded import ModelAdmin, display

LABEL = "unfold/helpers/label.html"

MOODS = {"ok": "success", "refused": "warning", "failed": "danger", "cancelled": "default", "interrupted": "danger"}
"""Outcome -> the colour of its label in unfold."""


def mood_of_status(status: int) -> str:
    if status < 300:
        return "success"
    return "danger" if status >= 500 else "warning"


def has_unknown_cost(log: RequestLog) -> bool:
    """Whether it cost something, or may have, and nobody told us what."""
    is_billed = may_be_billed(outcome=log.outcome, error_code=log.error_code, tries=log.attempt_count)
    return log.cost_usd is None and (log.input_tokens is not None or is_billed)


class RequestList(ChangeList):  # type: ignore[misc]  # unfold ships no types
    """Django's list without “10,000 results (Show all)”: the paginator says how many there are."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


@admin.register(RequestLog)
class RequestLogAdmin(ModelAdmin):
    list_display = [
        *("when", "asked_for", "served_by", "key", "status_label", "outcome_label", "latency", "first_byte"),
        *("tokens", "cost"),
    ]
    list_display_links = ["when", "asked_for"]
    list_filter = [
        filters.RecentFilter,
        ("started_at", filters.StartedAtFilter),
        filters.AliasFilter,
        filters.ProviderFilter,
        filters.ModelFilter,
        filters.KeyFilter,
        filters.StatusFilter,
        filters.OutcomeFilter,
        filters.ErrorCodeFilter,
        filters.StreamedFilter,
    ]
    list_filter_submit = True
    list_fullwidth = True
    list_per_page = list_max_show_all = 50
    paginator = NewestFirst
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count the whole table
    sortable_by = ()  # newest first is the one order that the table keeps for every filter
    search_fields = ["id", "requested_model", "error_code"]
    search_help_text = "A request id, an error code, or a model's name exactly as it was asked for"
    actions = None

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:  # Any: Django's own signature
        return RequestList

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RequestLog | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RequestLog | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RequestLog], search_term: str
    ) -> tuple[QuerySet[RequestLog], bool]:
        """Exact, so that an index answers."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(id=UUID(term)), False
        except ValueError:
            return queryset.filter(Q(requested_model=term) | filters.with_code(term)), False

    @display(description="time (UTC)")
    def when(self, log: RequestLog) -> str:
        return shown_moment(log.started_at)

    @display(description="asked for", header=True)
    def asked_for(self, log: RequestLog) -> Sequence[str]:
        is_renamed = log.alias and log.alias != log.requested_model
        return [log.requested_model or log.api_type, f"→ {log.alias}" if is_renamed else ""]

    @display(description="served by", header=True)
    def served_by(self, log: RequestLog) -> Sequence[str]:
        if not log.provider:
            return [NONE, ""]
        under = "was not asked" if not log.attempt_count else f"after {log.attempt_count} tries"
        return [f"{log.provider}/{log.model}", "" if log.attempt_count == 1 else under]

    @display(description="key")
    def key(self, log: RequestLog) -> str:
        return log.key_name or NONE

    @display(description="status", label={"success": "success", "warning": "warning", "danger": "danger"})
    def status_label(self, log: RequestLog) -> tuple[str, str]:
        return mood_of_status(log.status), str(log.status)

    @display(description="outcome")
    def outcome_label(self, log: RequestLog) -> str:
        label = render_to_string(LABEL, {"type": MOODS[log.outcome], "text": log.outcome})
        # It may break after an underscore, and nowhere else.
        words = format_html_join(format_html("_<wbr>{}", ""), "{}", ((word,) for word in log.error_code.split("_")))
        code = format_html("<small>{}</small>", words) if log.error_code else ""
        return format_html('<span class="plexus-two-lines"><span>{}</span>{}</span>', label, code)

    @display(description="latency")
    def latency(self, log: RequestLog) -> str:
        return shown_duration(log.latency_ms)

    @display(description="first byte")
    def first_byte(self, log: RequestLog) -> str:
        return shown_duration(log.first_byte_ms)

    @display(description="tokens in → out")
    def tokens(self, log: RequestLog) -> str:
        if log.input_tokens is None:
            return NONE
        return f"{shown_count(log.input_tokens)} → {shown_count(log.output_tokens)}"

    @display(description="cost")
    def cost(self, log: RequestLog) -> str:
        return "unknown" if has_unknown_cost(log) else shown_usd(log.cost_usd)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A page to read, in place of a form whose every field is locked."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        log = self.get_object(request, unquote(object_id))
        if log is None:
            self.message_user(
                request, f"There is no request {object_id[:40]}. It may be forgotten by now.", messages.WARNING
            )
            return redirect("admin:history_requestlog_changelist")
        context = {**self.admin_site.each_context(request), **page_of(log), **(extra_context or {})}
        return TemplateResponse(request, "admin/history/request.html", {**context, "opts": self.opts})


def page_of(log: RequestLog) -> dict[str, Any]:  # Any: a template's context
    """All that the page of one request shows."""
    return {
        "title": log.requested_model or log.api_type,
        "log": log,
        "original": log,
        "status_mood": mood_of_status(log.status),
        "outcome_mood": MOODS[log.outcome],
        "tries": tries_of(log, list(log.attempts.all())),
        "left_out": [line for line in log.left_out.splitlines() if line.strip()],
        "facts": _facts(log),
        "usage": _usage(log),
        "no_usage": _why_no_usage(log),
    }


def _facts(log: RequestLog) -> list[tuple[str, str]]:
    return [
        ("Time (UTC)", shown_moment(log.started_at, to_milliseconds=True)),
        ("Key", log.key_name or NONE),
        ("Client", log.client_address or NONE),
        ("API type", log.api_type + (", streamed" if log.streamed else "")),
        ("Latency", shown_duration(log.latency_ms)),
        ("First byte", shown_duration(log.first_byte_ms)),
        ("Request", shown_bytes(log.request_bytes)),
        ("Answer", shown_bytes(log.answer_bytes)),
        ("Finish reason", log.finish_reason or NONE),
    ]


def _why_no_usage(log: RequestLog) -> str:
    if not log.attempt_count:
        return "Nothing was used: no upstream was asked."
    return "The upstream named no tokens" + (", so the cost is unknown." if has_unknown_cost(log) else ".")


def _usage(log: RequestLog) -> list[tuple[str, str]]:
    if log.input_tokens is None:
        return []
    parts = [("cached input", log.cached_input_tokens), ("written to cache", log.cache_write_tokens)]
    return [
        ("Input tokens", f"{log.input_tokens:,}"),
        ("Output tokens", f"{log.output_tokens or 0:,}"),
        *((f"Of it {name}", f"{number:,}") for name, number in parts if number),
        *([("Of it reasoning", f"{log.reasoning_tokens:,}")] if log.reasoning_tokens else []),
        ("Cost", "unknown price" if log.cost_usd is None else shown_usd(log.cost_usd)),
    ]
