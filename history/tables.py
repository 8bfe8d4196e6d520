"""From sums of TargetStat to the tables of the dashboard: aliases, and their targets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from history import latency
from history.figures import Sums, error_rate, ratio, shown_cost, tokens, total_of
from history.scope import DIRECT, UNRESOLVED, Scope, alias_of, target_of
from history.shown import shown_count, shown_duration, shown_share

NO_ALIAS: Final = "no alias"
NAMES_OF_NONE: Final = {DIRECT: "direct, no alias", UNRESOLVED: "refused, no alias"}
"""As the comparison of aliases calls them. No alias can be called so: they have no spaces."""
WHY_NO_ALIAS: Final = {DIRECT: "asked for as provider/model", UNRESOLVED: "refused, or left, before any was found"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One alias, or one target of one."""

    name: str
    under: str
    """A second line below the name."""
    address: str
    """Where the dashboard shows this one alone; all again where it does already."""
    is_chosen: bool
    requests: str
    share: str
    share_percent: float
    """For the bar."""
    error_rate: str
    has_errors: bool
    p95: str
    tokens: str
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The busiest of all."""

    title: str
    share: str
    """Of what the shares are."""
    rows: Sequence[TableRow]
    left_out: int


def aliases(scope: Scope, rows: Sequence[Sums], most: int) -> Table:
    """One row per alias, the busiest first. `rows` are those of the whole period."""
    by_name: dict[str, list[Sums]] = {}
    for row in rows:
        by_name.setdefault(alias_of(row), []).append(row)
    totals = {name: total_of(rows_of_name) for name, rows_of_name in by_name.items()}
    busiest = sorted(totals.items(), key=lambda item: (-item[1]["requests"], item[0]))
    whole = sum(sums["requests"] for sums in totals.values())
    shown = [_alias_row(scope, name, sums, whole) for name, sums in busiest[:most]]
    return Table(title="Aliases", share="Share", rows=shown, left_out=len(busiest) - len(shown))


def _alias_row(scope: Scope, name: str, sums: Sums, whole: int) -> TableRow:
    is_chosen = scope.alias == name
    return _row(
        name=NAMES_OF_NONE.get(name, name),
        under=WHY_NO_ALIAS.get(name, ""),
        # Another alias has other targets.
        address=replace(scope, alias="" if is_chosen else name, target="").address,
        is_chosen=is_chosen,
        sums=sums,
        whole=whole,
        errors=error_rate(sums),
    )


def targets(scope: Scope, rows: Sequence[Sums], most: int) -> Table:
    """One row per target of each alias shown, with its share of what the alias got: the weights at work.

    The error rate is that of the tries, and the order too: a target that always hands over has no request that ended
    there, and is the one to look at.
    """
    of_alias: dict[str, int] = {}
    for row in rows:
        of_alias[row["alias"]] = of_alias.get(row["alias"], 0) + (row["requests"] if row["provider"] else 0)
    found = [row for row in rows if row["provider"] and scope.alias in ("", alias_of(row))]
    busiest = sorted(found, key=lambda row: (-row["attempts"], -row["requests"], row["alias"], target_of(row)))
    shown = [_target_row(scope, row, of_alias[row["alias"]]) for row in busiest[:most]]
    title = f"Targets of {scope.alias}" if scope.alias and scope.alias not in WHY_NO_ALIAS else "Targets"
    return Table(title=title, share="Share of alias", rows=shown, left_out=len(busiest) - len(shown))


def _target_row(scope: Scope, row: Sums, whole: int) -> TableRow:
    alias, target = alias_of(row), target_of(row)
    is_chosen = scope.covers(row) and bool(scope.target)
    chosen, otherwise = replace(scope, target=""), replace(scope, alias=alias, target=target)
    return _row(
        name=target,
        under=row["alias"] or NO_ALIAS,
        address=(chosen if is_chosen else otherwise).address,
        is_chosen=is_chosen,
        sums=row,
        whole=whole,
        errors=ratio(row["attempt_failures"], row["attempts"]),
    )


def _row(
    *, name: str, under: str, address: str, is_chosen: bool, sums: Sums, whole: int, errors: float | None
) -> TableRow:
    share = ratio(sums["requests"], whole)
    return TableRow(
        name=name,
        under=under,
        address=address,
        is_chosen=is_chosen,
        requests=shown_count(sums["requests"]),
        share=shown_share(share),
        share_percent=round((share or 0) * 100, 2),
        error_rate=shown_share(errors),
        has_errors=bool(errors),
        p95=shown_duration(latency.percentile_ms(sums, 0.95)),
        tokens=shown_count(tokens(sums)),
        cost=shown_cost(sums),
    )
