"""What the dashboard shows, as it stands in the address of the page: a period, and one alias or target where it is narrowed.

?period=7d&alias=fast&target=openai/gpt-4o&measure=cost&by=key
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from history import periods
from history.periods import Period

DIRECT: Final = "(direct)"
"""Stands for requests that asked for provider/model. Aliases have no brackets, so none is mistaken for it."""
UNRESOLVED: Final = "(unresolved)"
"""Stands for requests that were refused, or left by their client, before anybody was found."""

REQUESTS: Final = "requests"
BY_KEY: Final = "key"
LONGEST: Final = 400
"""Characters of a name in the address; the longest target has 321."""

Row = Mapping[str, Any]  # Any: names and sums
"""Of TargetStat, with an `alias`, a `provider` and a `model`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is shown."""

    period: Period = periods.DEFAULT
    alias: str = ""
    """A name, DIRECT or UNRESOLVED. Empty: all."""
    target: str = ""
    """provider/model. Empty: all."""
    measure: str = REQUESTS
    """What the aliases or targets are compared by: see history.comparison.MEASURES."""
    by_key: bool = False
    """Whether it is added up by client key, too."""

    @property
    def address(self) -> str:
        """The part of the page's address that leads here."""
        parts = {"alias": self.alias, "target": self.target, "measure": self.measure}
        usual = {"alias": "", "target": "", "measure": REQUESTS}
        named = {name: value for name, value in parts.items() if value != usual[name]}
        also = {"by": BY_KEY} if self.by_key else {}
        return "?" + urlencode({"period": self.period.name, **named, **also}, safe="/():")

    @property
    def conditions(self) -> dict[str, str]:
        """Lookups that TargetStat is filtered by, and RequestLog."""
        provider, _, model = self.target.partition("/")
        return {**conditions_of_alias(self.alias), **({"provider": provider, "model": model} if self.target else {})}

    def covers(self, row: Row) -> bool:
        """Whether a row is shown."""
        return self.alias in ("", alias_of(row)) and self.target in ("", target_of(row))


def scope_of(query: Mapping[str, str], measures: Mapping[str, object]) -> Scope:
    """The scope that an address names; what makes no sense in it counts as absent."""
    target, measure = _name(query, "target"), query.get("measure", "")
    return Scope(
        period=periods.PERIODS.get(query.get("period", ""), periods.DEFAULT),
        alias=_name(query, "alias"),
        target=target if "/" in target else "",
        measure=measure if measure in measures else REQUESTS,
        by_key=query.get("by") == BY_KEY,
    )


def unknown_period(query: Mapping[str, str]) -> str:
    """What an address asks for as a period and is none; empty where nothing is wrong."""
    said = _name(query, "period")
    return "" if said in periods.PERIODS else said


def _name(query: Mapping[str, str], parameter: str) -> str:
    # PostgreSQL takes no NUL, not even to look for one.
    return query.get(parameter, "").replace("\0", "")[:LONGEST]


def alias_of(row: Row) -> str:
    """As Scope.alias names it."""
    return str(row["alias"]) or (DIRECT if row["provider"] else UNRESOLVED)


def target_of(row: Row) -> str:
    """As Scope.target names it; empty where there was none."""
    return f"{row['provider']}/{row['model']}" if row["provider"] else ""


def conditions_of_alias(alias: str) -> dict[str, str]:
    """Lookups for the rows whose alias_of is `alias`; none for all of them."""
    if alias == DIRECT:
        return {"alias": "", "provider__gt": ""}  # greater than nothing: something
    if alias == UNRESOLVED:
        return {"alias": "", "provider": ""}
    return {"alias": alias} if alias else {}
