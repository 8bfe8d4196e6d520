"""The three stories held against each other.

lost         A client got an x-request-id, or the upstream was asked, and the database has no row of it; or the upstream was
             asked more often than the row has attempts. (Whoever hangs up without a byte on a connection that had been used
             before is asked once more, within the same attempt: it may have closed just as we wrote.)
duplicated   Two rows of one request; more attempts that were answered than the upstream was asked; or statistics that
             count more requests or attempts than there are rows.
miscounted   Statistics that are not the sum of the rows, per target, minute and hour: outcomes, tokens, cost, latency. Or
             a row that contradicts what the client saw or the upstream said: outcome, status, tokens, cost. Or a row of a
             request that nobody sent.

A request whose connection was refused or broke, because the process that served it was killed, promised nothing to its
client. The upstream's story still holds: if it was asked, there is one row.

Pure: fabricated evidence is judged as real evidence is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from benchmarks.chaos.evidence import Arrival, AttemptRow, Ending, Errand, Evidence, Mark, RequestRow, Said
from benchmarks.chaos.statistics import COUNTED_TWICE, Difference, differences

MILLION = 1_000_000
SMALLEST_COST = Decimal("0.000000000001")


class Kind(StrEnum):
    LOST = "lost"
    DUPLICATED = "duplicated"
    MISCOUNTED = "miscounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that must not be."""

    kind: Kind
    what: str
    errand: int | None = None
    """Its number; None where it lies with no single request."""


@dataclass(slots=True, kw_only=True)
class Case:
    """All that the three tell of one errand."""

    errand: Errand
    said: Said | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    rows: list[RequestRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)

    @property
    def must_have_row(self) -> bool:
        has_id = self.said is not None and self.said.request_id is not None
        return bool(self.errand.key) and (has_id or bool(self.arrivals))


def reconcile(evidence: Evidence) -> list[Finding]:
    """All findings, request by request, then those of the statistics."""
    cases = cases_of(evidence)
    findings = [finding for case in cases.values() for finding in _judged(case, evidence)]
    findings += _strangers(cases, evidence)
    gaps = differences(evidence.requests, evidence.attempts, evidence.statistics)
    return findings + [_finding_of(gap) for gap in gaps]


def cases_of(evidence: Evidence) -> dict[int, Case]:
    """Errand -> its case. A row belongs to the errand whose mark it bears."""
    cases = {number: Case(errand=errand) for number, errand in evidence.errands.items()}
    numbers: dict[Mark, int] = {errand.mark: number for number, errand in evidence.errands.items()}
    for said in evidence.said:
        cases[said.number].said = said
    for arrival in evidence.arrivals:
        if arrival.number in cases:
            cases[arrival.number].arrivals.append(arrival)
    attempts: dict[UUID, list[AttemptRow]] = defaultdict(list)
    for attempt in evidence.attempts:
        attempts[attempt.request_id].append(attempt)
    for row in evidence.requests:
        if row.mark in numbers:
            case = cases[numbers[row.mark]]
            case.rows.append(row)
            case.attempts += attempts[row.id]
    return cases


def _judged(case: Case, evidence: Evidence) -> Iterator[Finding]:
    number = case.errand.number
    if len(case.rows) > 1:
        yield Finding(kind=Kind.DUPLICATED, what=f"{len(case.rows)} rows of one request", errand=number)
    if case.said is not None and case.said.ending is Ending.SILENT:
        yield Finding(kind=Kind.MISCOUNTED, what="a stream that ended in silence", errand=number)
    if not case.rows:
        if case.must_have_row:
            yield Finding(kind=Kind.LOST, what=_why_lost(case), errand=number)
        return
    row = case.rows[0]
    for check in (_against_client, _against_upstream, _against_usage):
        for kind, what in check(case, row, evidence):
            yield Finding(kind=kind, what=what, errand=number)


def _why_lost(case: Case) -> str:
    asked = f"the upstream was asked {len(case.arrivals)} times" if case.arrivals else ""
    knows = f"the client has its id {case.said.request_id}" if case.said and case.said.request_id else ""
    return f"no row, and {' and '.join(filter(None, (knows, asked)))}"


def _against_client(case: Case, row: RequestRow, evidence: Evidence) -> Iterator[tuple[Kind, str]]:
    said = case.said
    if not case.errand.key:
        yield Kind.MISCOUNTED, "a row, though nobody made its key"
    if said is None:
        return
    if said.request_id is not None and said.request_id != row.id:
        yield Kind.MISCOUNTED, f"the client was told the id {said.request_id}, and the row has {row.id}"
    outcomes = _outcomes_that_fit(said)
    if outcomes and row.outcome not in outcomes:
        yield Kind.MISCOUNTED, f"the client saw “{said.ending}”, {said.status}, and the row says {row.outcome}"
    elif outcomes and said.status != row.status:
        yield Kind.MISCOUNTED, f"the client was answered {said.status}, and the row says {row.status}"


def _outcomes_that_fit(said: Said) -> tuple[str, ...]:
    """Empty: any. Who leaves, or is cut off, does not see how it ended."""
    match said.ending:
        case Ending.FINISHED:
            return ("ok",)
        case Ending.TOLD:
            return ("interrupted", "failed")
        case Ending.WHOLE:
            return ("ok",) if said.status is not None and said.status < 300 else ("failed", "refused")
        case _:
            return ()


def _against_upstream(case: Case, row: RequestRow, evidence: Evidence) -> Iterator[tuple[Kind, str]]:
    """Per target: each time that the upstream was asked is an attempt, and each attempt that was answered is such a time."""
    asked = Counter((arrival.provider, arrival.model) for arrival in case.arrivals)
    again = Counter((arrival.provider, arrival.model) for arrival in case.arrivals if arrival.is_hung_up_on)
    tried = Counter((attempt.provider, attempt.model) for attempt in case.attempts)
    answered = Counter((attempt.provider, attempt.model) for attempt in case.attempts if attempt.status is not None)
    for target in sorted(asked.keys() | tried.keys()):
        name = "/".join(target)
        if asked[target] > tried[target] + min(tried[target], again[target]):
            yield Kind.LOST, f"{name} was asked {asked[target]} times, and {tried[target]} attempts are kept"
        if answered[target] > asked[target]:
            yield Kind.DUPLICATED, f"{name} was asked {asked[target]} times, and answered {answered[target]} attempts"
    if len(case.attempts) != row.attempt_count * len(case.rows):
        yield Kind.MISCOUNTED, f"the row counts {row.attempt_count} attempts, and {len(case.attempts)} are kept"
    if row.outcome == "ok" and not case.arrivals:
        yield Kind.MISCOUNTED, "the row says ok, and no upstream was asked"


def _against_usage(case: Case, row: RequestRow, evidence: Evidence) -> Iterator[tuple[Kind, str]]:
    used, noted = (case.errand.input_tokens, case.errand.output_tokens), (row.input_tokens, row.output_tokens)
    if noted == (None, None) and row.outcome != "ok":
        return
    if noted != used:
        yield Kind.MISCOUNTED, f"the upstream used {used} tokens, and the row says {noted}"
    elif row.cost_usd != (cost := _cost(case.errand, evidence.prices[row.model])):
        yield Kind.MISCOUNTED, f"it cost {cost} USD, and the row says {row.cost_usd}"


def _cost(errand: Errand, price: tuple[Decimal, Decimal]) -> Decimal:
    total = errand.input_tokens * price[0] + errand.output_tokens * price[1]
    return (total / MILLION).quantize(SMALLEST_COST)


def _strangers(cases: dict[int, Case], evidence: Evidence) -> Iterable[Finding]:
    """Rows and arrivals that belong to nothing that was sent."""
    known = {row.id for case in cases.values() for row in case.rows}
    for row in evidence.requests:
        if row.id not in known:
            yield Finding(kind=Kind.MISCOUNTED, what=f"the row {row.id} is of a request that nobody sent: {row.mark}")
    ids = {row.id for row in evidence.requests}
    for attempt in evidence.attempts:
        if attempt.request_id not in ids:
            yield Finding(
                kind=Kind.MISCOUNTED, what=f"an attempt is kept of the request {attempt.request_id}, which is not"
            )
    for arrival in evidence.arrivals:
        if arrival.number not in cases:
            yield Finding(
                kind=Kind.MISCOUNTED, what=f"the upstream was asked by an errand {arrival.number} that nobody has"
            )


def _finding_of(gap: Difference) -> Finding:
    bucket = gap.bucket
    target = f"{bucket.alias or 'no alias'} → {bucket.provider or 'no target'}/{bucket.model}"
    twice = gap.counter in COUNTED_TWICE and gap.counted > gap.of_rows
    return Finding(
        kind=Kind.DUPLICATED if twice else Kind.MISCOUNTED,
        what=f"{target}, the {bucket.resolution} of {bucket.start:%H:%M}: {gap.counter} is {gap.counted}, "
        f"and the rows add up to {gap.of_rows}",
    )
