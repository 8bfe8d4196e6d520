"""Changes as a page shows them: gathered by the object that they belong to, values old and new beside each other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.audit.comparison import RowChange
from gateway.interchange.difference import Deed

MOST_ROWS = 500
"""On one page. A file may change ten thousand."""
MOODS = {Deed.CREATED: "success", Deed.UPDATED: "info", Deed.DELETED: "danger"}
"""The colour of its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One row."""

    deed: str
    kind: str
    name: str
    fields: Sequence[Sequence[str | None]]
    """Field, old and new; old is None in a row that is new."""

    @property
    def mood(self) -> str:
        return MOODS[Deed(self.deed)]


@dataclass(slots=True, kw_only=True)
class ShownObject:
    """An object with what was changed in it."""

    kind: str
    name: str
    rows: list[ShownRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChanges:
    """What a page shows, and how much more there is."""

    objects: Sequence[ShownObject]
    more: int = 0

    @property
    def deeds(self) -> str:
        """How many of each, of what is shown: “100 updated, 4 created”; of a single row nothing."""
        counts = Counter(row.deed for one in self.objects for row in one.rows)
        told = ", ".join(f"{count} {deed}" for deed, count in counts.items()) if counts.total() > 1 else ""
        return f"{told} in the first {counts.total()} rows" if told and self.more > 0 else told


def shown_changes(rows: Iterable[tuple[str, str, ShownRow]], total: int) -> ShownChanges:
    """`rows`: kind and name of the object, and the row; at most MOST_ROWS of `total`."""
    objects: dict[tuple[str, str], ShownObject] = {}
    count = 0
    for kind, name, row in rows:
        objects.setdefault((kind, name), ShownObject(kind=kind, name=name)).rows.append(row)
        count += 1
    return ShownChanges(objects=list(objects.values()), more=total - count)


def shown_comparison(rows: Sequence[RowChange]) -> ShownChanges:
    """Of two pictures that were compared."""
    return shown_changes(((row.of_kind, row.of_name, _shown_row(row)) for row in rows[:MOST_ROWS]), len(rows))


def _shown_row(row: RowChange) -> ShownRow:
    change = row.change
    return ShownRow(
        deed=change.deed,
        kind=change.kind,
        name=change.name,
        fields=[(one.field, one.old, one.new) for one in change.fields],
    )
