"""What an import changes, or would change: rows created, updated and deleted, with old and new values."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from gateway.interchange.findings import Finding, has_refusals
from providers import extra_headers, secrets


class Deed(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of one row. The texts are fit to be shown: a secret is not among them."""

    field: str
    old: str | None
    """None in a row that is new."""
    new: str

    def __str__(self) -> str:
        return f"{self.field}: {self.new}" if self.old is None else f"{self.field}: {self.old} → {self.new}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row."""

    deed: Deed
    kind: str
    """In words: `provider`, `target`."""
    name: str
    fields: tuple[FieldChange, ...] = ()
    """Of a created row: what differs from an empty one. Of a deleted one: nothing."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one document comes to."""

    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    was_applied: bool = False
    """False after a refusal, and when it was only asked what would change."""
    loss: str = ""
    """What it takes away, where that is so much that whoever applies it should be asked first: see `gateway.interchange.losses`."""

    @property
    def is_refused(self) -> bool:
        return has_refusals(self.findings)


_SIGNS = {Deed.CREATED: "+", Deed.UPDATED: "~", Deed.DELETED: "-"}


def lines(changes: Sequence[Change]) -> Iterator[str]:
    """The changes as text: a line per row, an indented line per field."""
    for change in changes:
        yield f"{_SIGNS[change.deed]} {change}"
        yield from (f"    {field}" for field in change.fields)


def summary(changes: Sequence[Change], *, was_applied: bool, source: str = "file") -> str:
    """One line: how many rows of each kind were, or would be, created, updated and deleted. `source`: what says so."""
    if not changes:
        return f"Nothing to do: everything is as the {source} says."
    counts = Counter((change.deed, change.kind) for change in changes)
    parts = [
        f"{deed} {', '.join(counted(count, kind) for (its_deed, kind), count in counts.items() if its_deed is deed)}"
        for deed in Deed
        if any(its_deed is deed for its_deed, _ in counts)
    ]
    total = counted(len(changes), "change")
    return f"{'Applied' if was_applied else 'Would apply'} {total}: {'; '.join(parts)}."


def counted(number: int, what: str) -> str:
    """`1 change`, `2 changes`, `2 aliases`."""
    plural = "es" if what.endswith("s") else "s"
    return f"{number} {what}{plural if number != 1 else ''}"


def shown(field: str, value: object) -> str:
    """A value as a report may show it: no secret, and of headers that hold one only the names."""
    match field, value:
        case "credential", str(text) if text:
            return text if secrets.is_reference(text) else "a stored key"
        case "extra_headers", dict(headers) if headers:
            return extra_headers.line(extra_headers.shown(headers))
        case _, bool(flag):
            return "yes" if flag else "no"
        case _, None | "" | [] | {}:
            return "nothing"
        case _, Decimal() as number:
            return f"{number.normalize():f}"
        case _, list(items):
            return ", ".join(map(str, items))
    return str(value)
