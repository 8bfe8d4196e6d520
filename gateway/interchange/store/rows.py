"""One row of a document on its way into the database: judged, saved if it changed, and what there is to say about it."""

from collections.abc import Iterable, Mapping

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from gateway.interchange.difference import Change, Deed, FieldChange, shown
from gateway.interchange.document import ABSENT, Entry
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.snapshot import default_of
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias, Synonym, Target

Row = Provider | Endpoint | ProviderModel | Alias | Synonym | Target | PatternAlias | ProviderAlias | CustomRoute


class Rows:
    """What has become of the rows so far."""

    def __init__(self, *, prune: bool) -> None:
        self.prune = prune
        self.changes: list[Change] = []
        self.findings: list[Finding] = []
        self._refused_names: set[str] = set()
        """Providers and aliases that were refused: what points at them need not be refused as well."""

    def _settle(
        self, row: Row, entry: Entry, wanted: Mapping[str, object], kind: str, name: str, parent: Row | None = None
    ) -> bool:
        """Give the row what is wanted of it, judge it, save it if it changed. False when it was refused.

        `parent`: the row it belongs to. One that was refused itself is not saved; then neither is this one.
        """
        is_new = row.pk is None
        changed = self._set(row, wanted)
        has_no_parent = parent is not None and parent.pk is None
        if not self._is_valid(row, entry, exclude=["provider", "alias"] if has_no_parent else []):
            return False
        if (is_new or changed) and not has_no_parent:
            row.save()
            deed = Deed.CREATED if is_new else Deed.UPDATED
            self.changes.append(Change(deed=deed, kind=kind, name=name, fields=tuple(changed)))
        return True

    def _set(self, row: Row, wanted: Mapping[str, object]) -> list[FieldChange]:
        changed = []
        for name, said in wanted.items():
            if said is ABSENT and (row.pk is None or not self.prune):
                continue
            value = default_of(row, name) if said is ABSENT else said
            old = getattr(row, name)
            if old != value:
                shown_old, shown_new = None if row.pk is None else shown(name, old), shown(name, value)
                # What is not shown of two secrets is all that differs between them.
                shown_new += ", changed" if shown_new == shown_old else ""
                changed.append(FieldChange(field=name, old=shown_old, new=shown_new))
                setattr(row, name, value)
        return changed

    def _is_valid(self, row: Row, entry: Entry, *, exclude: list[str]) -> bool:
        try:
            row.full_clean(exclude=exclude)
        except ValidationError as exc:
            for field, messages in exc.message_dict.items():
                place = entry.place("" if field == NON_FIELD_ERRORS else field)
                for message in messages:
                    self._refuse(place, message)
            return False
        return True

    def _delete(self, row: Row, kind: str, name: str) -> None:
        row.delete()
        self.changes.append(Change(deed=Deed.DELETED, kind=kind, name=name))

    # What there is to say

    def _refuse(self, place: Place, message: str) -> None:
        self.findings.append(Finding(kind=Kind.REFUSED, place=place, message=message))

    def _refuse_unless_known(self, entry: Entry, field: str, name: str, message: str) -> None:
        """Refuse, unless `name` was refused itself: mending that may mend this."""
        if name not in self._refused_names:
            self._refuse(entry.place(field), message)

    def _warn(self, place: Place, message: str) -> None:
        self.findings.append(Finding(kind=Kind.WARNING, place=place, message=message))


def said(entry: Entry, fields: Iterable[str]) -> dict[str, object]:
    return {field: getattr(entry, field) for field in fields}
