"""The page “Import and export”: a file or a text, what it would change, and, once that was seen, the change.

What was sent waits in the page between the two, sealed: it may hold what nobody else should read.
"""

import base64
import hashlib
import os
import zlib
from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from gateway.access.changes import lacking
from gateway.admin.without_rows import WithoutRows
from gateway.interchange import IMPORTERS, plexus
from gateway.interchange.difference import Difference, lines, summary
from gateway.interchange.findings import Kind
from gateway.interchange.snapshot import current
from gateway.interchange.store.files import import_file
from gateway.interchange.yaml_nodes import LIMIT_BYTES
from gateway.models import Configuration
from providers.admin.configuration import in_turn
from providers.models import vault
from providers.secrets import Unreadable

MAY_IMPORT = "gateway.import_configuration"
MOST_SHOWN = 500
"""Changes, and findings of a kind, on one page."""
LONGEST_NOTE = 500


class ImportForm(forms.Form):
    """A file, or a text, and how it is meant."""

    file = forms.FileField(required=False, label="A file")
    text = forms.CharField(required=False, label="or its text", strip=False, widget=forms.Textarea)
    format = forms.ChoiceField(required=False, label="Written for")
    prune = forms.BooleanField(required=False, label="This is the whole configuration")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        formats = [(name, importer.label) for name, importer in IMPORTERS.items()]
        self.fields["format"].choices = [("", "seen from its keys"), *formats]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("file") and cleaned.get("text"):
            raise forms.ValidationError("Choose a file or paste a text, not both.", code="ambiguous")
        if cleaned.get("file"):
            cleaned["text"] = _text_of(cleaned["file"])
        if not cleaned.get("text", "").strip():
            raise forms.ValidationError("Choose a file, or paste a text.", code="required")
        return cleaned


class ConfirmationForm(forms.Form):
    """What comes back once somebody has seen what would change."""

    sealed = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput)
    format = forms.ChoiceField(required=False, choices=[("", ""), *((name, name) for name in IMPORTERS)])
    prune = forms.BooleanField(required=False, widget=forms.HiddenInput)
    force = forms.BooleanField(required=False)
    """That most of what is there may go."""


def _text_of(file: Any) -> str:  # Any: Django's uploaded file
    if file.size > LIMIT_BYTES:
        raise forms.ValidationError(f"The file is larger than {LIMIT_BYTES:,} bytes.", code="too_large")
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise forms.ValidationError("The file cannot be read as UTF-8 text.", code="not_text") from exc
    return text


@admin.register(Configuration)
class ConfigurationFilesAdmin(WithoutRows):
    """What the commands `import_config` and `export_config` do."""

    def get_urls(self) -> Any:  # Any: Django's own type is long
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="gateway_configuration_changelist"),
            path("export/", view(require_GET(self.export)), name="gateway_configuration_export"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return super().has_view_permission(request) or request.user.has_perm(MAY_IMPORT)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def export(self, request: HttpRequest) -> HttpResponse:
        """What `manage.py export_config` writes, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        name = f"plexus-{timezone.now():%Y-%m-%d}.yaml"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
        return HttpResponse(plexus.write(current()), content_type="text/yaml; charset=utf-8", headers=headers)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for a file; say what it would change; change it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, form=ImportForm())
        if not request.user.has_perm(MAY_IMPORT):
            raise PermissionDenied
        return self._confirmed(request) if "sealed" in request.POST else self._sent(request)

    def _sent(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form=form)
        sent = form.cleaned_data
        return self._foretold(request, sent["text"], sent["format"], sent["prune"])

    def _foretold(self, request: HttpRequest, text: str, format: str, prune: bool, **more: Any) -> HttpResponse:
        """The page that says what this would change."""
        importer, difference = import_file(text, format=format, prune=prune, dry_run=True, environment=os.environ)
        missing = lacking(difference.changes, request.user.has_perm)
        confirmation = {"sealed": _sealed(text), "seen": _fingerprint(difference), "format": format, "prune": prune}
        shown = {
            "label": importer.label,
            "difference": difference,
            "lacking": ", ".join(missing),
            "confirmation": None if difference.is_refused or missing or not difference.changes else confirmation,
            **_told(difference),
            **more,
        }
        return self._page(request, form=ImportForm(initial={"format": format, "prune": prune}), **shown)

    def _confirmed(self, request: HttpRequest) -> HttpResponse:
        """Make the change that was seen; show it anew where it is another one by now."""
        form = ConfirmationForm(request.POST)
        if not form.is_valid():
            return HttpResponseRedirect(reverse("admin:gateway_configuration_changelist"))
        sent = form.cleaned_data
        try:
            text = _opened(sent["sealed"])
        except Unreadable:
            messages.error(request, "What was sent cannot be read any more. Send the file again.")
            return HttpResponseRedirect(reverse("admin:gateway_configuration_changelist"))
        with in_turn(request):
            how = {"format": sent["format"], "prune": sent["prune"], "environment": os.environ}
            _, foreseen = import_file(text, dry_run=True, **how)
            if _fingerprint(foreseen) != sent["seen"]:
                return self._foretold(request, text, sent["format"], sent["prune"], changed_meanwhile=True)
            if foreseen.loss and not sent["force"]:
                return self._foretold(request, text, sent["format"], sent["prune"], is_unforced=True)
            if lacking(foreseen.changes, request.user.has_perm):
                raise PermissionDenied
            _, difference = import_file(text, dry_run=False, **how)
        messages.success(request, summary(difference.changes, was_applied=True))
        return HttpResponseRedirect(reverse("admin:gateway_configuration_changelist"))

    def _page(self, request: HttpRequest, **shown: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Import and export",
            "may_import": request.user.has_perm(MAY_IMPORT),
            "longest_note": LONGEST_NOTE,
            **shown,
        }
        headers = {"Cache-Control": "no-store, private"}
        return TemplateResponse(request, "admin/gateway/configuration_files.html", context, headers=headers)


def _told(difference: Difference) -> dict[str, Any]:  # Any: a template's context
    """What a page says of a difference: the findings by kind, the changes line by line."""
    kinds = Counter(finding.kind for finding in difference.findings)
    return {
        "summary": summary(difference.changes, was_applied=False),
        "lines": [(line[:1].strip() or " ", line) for line in lines(difference.changes[:MOST_SHOWN])],
        "more_changes": max(0, len(difference.changes) - MOST_SHOWN),
        "findings": [
            (kind, kinds[kind], [one for one in difference.findings if one.kind is kind][:MOST_SHOWN])
            for kind in Kind
            if kinds[kind]
        ],
    }


def _fingerprint(difference: Difference) -> str:
    """The same for the same changes: what was seen is what is done."""
    return hashlib.sha256("\n".join(lines(difference.changes)).encode()).hexdigest()


def _sealed(text: str) -> str:
    return vault().seal(base64.b64encode(zlib.compress(text.encode())).decode("ascii"))


def _opened(sealed: str) -> str:
    """Raises Unreadable."""
    return zlib.decompress(base64.b64decode(vault().open(sealed))).decode()
