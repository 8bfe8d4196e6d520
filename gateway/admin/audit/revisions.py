"""Revisions: the list, one of them, two of them compared, and back to one of them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from gateway.access.changes import lacking
from gateway.admin.audit.reading import DOOR_LABELS, AuthoredAdmin
from gateway.audit import store
from gateway.audit.author import NOTE_FIELD, Door, author_of
from gateway.audit.comparison import changes_between
from gateway.audit.models import ConfigRevision
from gateway.audit.recording import record_what_was_changed_outside, recording
from gateway.audit.rollback import preview, roll_back
from gateway.audit.shown import MOST_ROWS, ShownChanges, ShownRow, shown_changes, shown_comparison
from gateway.interchange import plexus
from gateway.interchange.findings import Kind
from providers.admin.moments import told_moment
from providers.admin.unfolded import display
from providers.busy import waited_in_vain

MAY_ROLL_BACK = "gateway.import_configuration"
"""A rollback is an import of what was there."""
MOST_CHOICES = 100


@admin.register(ConfigRevision)
class ConfigRevisionAdmin(AuthoredAdmin):
    list_display = ["shown_number", "when", "who", "through", "what"]
    list_display_links = ["shown_number", "when"]
    search_fields = ["summary", "note", "author_name", "address"]
    search_help_text = "A word of the summary or of the reason, a name, an address"

    def get_urls(self) -> Any:  # Any: Django's own type is long
        view = self.admin_site.admin_view
        own = [
            path("compare/", view(self.compare), name="gateway_configrevision_compare"),
            path("<int:pk>/document/", view(self.document), name="gateway_configrevision_document"),
            path("<int:pk>/roll-back/", view(self.roll_back), name="gateway_configrevision_roll_back"),
        ]
        return own + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigRevision]:
        return super().get_queryset(request).defer("packed")

    @display(description="revision", ordering="number")
    def shown_number(self, revision: ConfigRevision) -> str:
        return f"{revision.number}"

    @display(description="what and why", header=True)
    def what(self, revision: ConfigRevision) -> Sequence[str]:
        back = f"rolled back to revision {revision.rolled_back_to}" if revision.rolled_back_to else ""
        return [revision.summary, ": ".join(filter(None, [back, revision.note]))]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Whoever looks sees what is true now, without waiting for the worker's next look."""
        if request.method == "GET" and self.has_view_permission(request):
            _record_unless_others_write()
        return super().changelist_view(request, {"title": "Revisions", **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        revision = self._revision(request, object_id)
        newest = store.newest()
        context = {
            "revision": revision,
            "original": revision,
            "facts": facts_of(revision),
            "door_mood": DOOR_LABELS[Door(revision.door)],
            "changes": changes_of(revision),
            "is_newest": newest is not None and newest.number == revision.number,
            "before": ConfigRevision.objects.filter(number__lt=revision.number).order_by("-number").first(),
            "others": others_than(revision),
            "predecessor": predecessor_of(revision),
            "may_roll_back": request.user.has_perm(MAY_ROLL_BACK),
        }
        return self._page(request, "revision", f"Revision {revision.number}", context)

    def document(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The whole configuration of then, as an export would have written it."""
        revision = self._revision(request, str(pk))
        text = plexus.write(store.contents_of_revision(revision).document)
        name = f"plexus-revision-{revision.number}.yaml"
        headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store, private"}
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)

    def compare(self, request: HttpRequest) -> HttpResponse:
        """`?old=3&new=7`, by number. The older one stands on the left, whichever way round they were chosen."""
        chosen = (self._numbered(request, request.GET.get(side, "")) for side in ("old", "new"))
        old, new = sorted(chosen, key=lambda revision: revision.number)
        rows = changes_between(store.contents_of_revision(old), store.contents_of_revision(new))
        found = {one.number: one for one in [*choices(), old, new]}
        context = {
            "sides": [("old", "From", old), ("new", "to", new)],
            "choices": [found[number] for number in sorted(found, reverse=True)],
            "changes": shown_comparison(rows),
        }
        return self._page(request, "compare", f"From revision {old.number} to {new.number}", context)

    def roll_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what it would change, ask, and do it."""
        if not request.user.has_perm(MAY_ROLL_BACK):
            raise PermissionDenied
        revision = self._revision(request, str(pk))
        with recording(author_of(request)):
            newest = store.newest()
            if request.method == "POST" and newest is not None:
                if request.POST.get("seen") != str(newest.number):
                    messages.warning(request, "Somebody changed something meanwhile. Look again at what would change.")
                else:
                    difference = roll_back(revision, author_of(request))
                    if lacking(difference.changes, request.user.has_perm):
                        raise PermissionDenied  # which takes it back
                    if difference.was_applied:
                        messages.success(request, f"The configuration is that of revision {revision.number} again.")
                        for finding in difference.findings:
                            messages.warning(request, finding.message)
                        return HttpResponseRedirect(reverse("admin:gateway_configrevision_changelist"))
            seen = preview(revision)
        order = [Kind.REFUSED, Kind.WARNING, Kind.ADAPTED, Kind.IGNORED]
        context = {
            "revision": revision,
            "original": revision,
            "newest": newest,
            "changes": shown_comparison(seen.rows),
            "findings": sorted(seen.difference.findings, key=lambda finding: order.index(finding.kind)),
            "is_refused": seen.difference.is_refused,
            "lacking": ", ".join(lacking(seen.difference.changes, request.user.has_perm)),
            "why": request.POST.get(NOTE_FIELD, ""),
        }
        return self._page(request, "roll_back", f"Roll back to revision {revision.number}", context)

    def _revision(self, request: HttpRequest, pk: str) -> ConfigRevision:
        """Raises PermissionDenied and Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        revision = ConfigRevision.objects.filter(pk=pk).first() if pk.isdecimal() else None
        if revision is None:
            raise Http404("There is no such revision.")
        return revision  # type: ignore[no-any-return]  # the manager is shared by three models

    def _numbered(self, request: HttpRequest, number: str) -> ConfigRevision:
        """Raises PermissionDenied and Http404."""
        pk = ConfigRevision.objects.filter(number=number).values_list("pk", flat=True) if is_number(number) else ()
        return self._revision(request, str(next(iter(pk), "")))

    def _page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return TemplateResponse(request, f"admin/gateway/audit/{template}.html", context)


def _record_unless_others_write() -> None:
    """Whoever only looks need not wait long, nor hear of it: the next look finds it as well."""
    try:
        record_what_was_changed_outside()
    except OperationalError as exc:
        if not waited_in_vain(exc):
            raise


def is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def facts_of(revision: ConfigRevision) -> list[tuple[str, str]]:
    """Name and value, as the page shows them."""
    facts = [
        ("When", told_moment(revision.at)),
        ("Who", revision.author_name),
        ("From", revision.address or "not known"),
        ("Why", revision.note or "not said"),
    ]
    if revision.rolled_back_to is not None:
        facts.append(("Rolled back to", f"revision {revision.rolled_back_to}"))
    return facts


def changes_of(revision: ConfigRevision) -> ShownChanges:
    rows = revision.changes.order_by("id")
    shown = (
        (row.of_kind, row.of_name, ShownRow(deed=row.deed, kind=row.kind, name=row.name, fields=row.fields))
        for row in rows[:MOST_ROWS]
    )
    return shown_changes(shown, rows.count())


def choices() -> list[ConfigRevision]:
    """Those that may be compared, the newest first."""
    return list(ConfigRevision.objects.defer("packed").order_by("-number")[: MOST_CHOICES + 1])


def others_than(revision: ConfigRevision) -> list[ConfigRevision]:
    """Those that it may be compared with, the newest first; its predecessor among them, however old."""
    before = predecessor_of(revision)
    found = {one.number: one for one in [*choices(), *([before] if before else [])] if one.number != revision.number}
    return [found[number] for number in sorted(found, reverse=True)]


def predecessor_of(revision: ConfigRevision) -> ConfigRevision | None:
    """None for the oldest that is kept."""
    older = ConfigRevision.objects.defer("packed").filter(number__lt=revision.number)
    return older.order_by("-number").first()
