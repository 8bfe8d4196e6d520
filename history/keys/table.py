"""From sums by client key to the table of the dashboard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from history.figures import Sums, shown_cost, tokens
from history.shown import shown_count

NO_KEY: Final = "no key"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One client key."""

    name: str
    filter: str
    """The part of an address that narrows the list of requests to it; empty where no filter does."""
    requests: str
    failures: str
    has_failures: bool
    refused: str
    tokens: str
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTable:
    """The busiest of all."""

    rows: Sequence[KeyRow]
    left_out: int


def keys(rows: Sequence[Sums], most: int) -> KeyTable:
    """`rows`: the busiest first."""
    return KeyTable(rows=[_row(row) for row in rows[:most]], left_out=max(0, len(rows) - most))


def _row(row: Sums) -> KeyRow:
    return KeyRow(
        name=row["key_name"] or NO_KEY,
        filter="?" + urlencode({"key": row["key_name"]}) if row["key_name"] else "",
        requests=shown_count(row["requests"]),
        failures=shown_count(row["errors"]),
        has_failures=bool(row["errors"]),
        refused=shown_count(row["refused"]),
        tokens=shown_count(tokens(row)),
        cost=shown_cost(row),
    )
