"""What is printed and written of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from benchmarks.chaos import kills, outage
from benchmarks.chaos.evidence import Ending, Evidence, Kill, Said
from benchmarks.chaos.reconcile import Case, Finding, Kind, cases_of

MOST_STORIES = 10
NEAR_SECONDS = 2.0
"""Kills so long before a request began belong to its story."""


def of_kills(outcome: kills.Outcome, seed: int) -> dict[str, Any]:  # Any: JSON
    """The run that kills, as `--json` writes it."""
    return {
        **_head("kills", seed, outcome.evidence, outcome.findings),
        "seconds": round(outcome.seconds, 1),
        "requests_per_second": round(len(outcome.evidence.said) / outcome.seconds, 1),
        "drain_seconds": None if outcome.drain_seconds is None else round(outcome.drain_seconds, 1),
        "gateway_exit_code": outcome.exit_code,
        "is_clean": outcome.is_clean,
        **_details(outcome.evidence, outcome.findings),
    }


def of_outage(outcome: outage.Outcome, seed: int) -> dict[str, Any]:  # Any: JSON
    """The run without servers, as `--json` writes it."""
    return {
        **_head("outage", seed, outcome.evidence, outcome.findings),
        "failed": len(outcome.failed),
        "p99_ms": {name: round(phase.p99_ms, 2) for name, phase in outcome.phases.items()},
        "p99_added_ms": round(outcome.added_ms, 2),
        "phases": {name: asdict(phase) for name, phase in outcome.phases.items()},
        "gateway_exit_code": outcome.exit_code,
        "is_clean": outcome.is_clean,
        **_details(outcome.evidence, outcome.findings),
    }


def _head(form: str, seed: int, evidence: Evidence, findings: list[Finding]) -> dict[str, Any]:
    found = Counter(finding.kind for finding in findings)
    return {
        "form": form,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "requests": len(evidence.said),
        "kills": len(evidence.kills),
        **{kind.value: found[kind] for kind in Kind},
    }


def _details(evidence: Evidence, findings: list[Finding]) -> dict[str, Any]:
    cases = cases_of(evidence)
    cut = [cases[said.number] for said in evidence.said if said.ending is Ending.CUT]
    return {
        "kills_per_part": Counter(kill.part for kill in evidence.kills),
        "endings": Counter(said.ending.value for said in evidence.said),
        "statuses": Counter(str(said.status) for said in evidence.said if said.status is not None),
        "outcomes": Counter(row.outcome for row in evidence.requests),
        "rows": len(evidence.requests),
        "attempts": len(evidence.attempts),
        "upstream_asked": len(evidence.arrivals),
        "cut": {
            "requests": len(cut),
            "upstream_asked": sum(bool(case.arrivals) for case in cut),
            "with_row": sum(bool(case.rows) for case in cut),
            "why": Counter(case.said.why for case in cut if case.said is not None),
        },
        "findings": [_told(finding, cases, evidence) for finding in findings[:MOST_STORIES]],
        "kill_log": [{"at": _clock(kill.at), "part": kill.part, "process": kill.process} for kill in evidence.kills],
    }


def _told(finding: Finding, cases: dict[int, Case], evidence: Evidence) -> dict[str, Any]:
    story = [] if finding.errand is None else list(_story(cases[finding.errand], evidence))
    return {"kind": finding.kind.value, "what": finding.what, "errand": finding.errand, "story": story}


def _story(case: Case, evidence: Evidence) -> Iterator[str]:
    """What each of the three tells, and who died meanwhile, in the order of time."""
    errand, events = case.errand, list[tuple[float, str]]()
    if case.said is not None:
        events += _of_client(case.said)
        events += [(kill.at, f"killed: {kill.part} ({kill.process})") for kill in _near(case.said, evidence.kills)]
    events += [(one.at, f"the upstream was asked for {one.provider}/{one.model}") for one in case.arrivals]
    for one in case.attempts:
        said = f"attempt {one.number} at {one.provider}/{one.model}: {one.outcome}, {one.status}, {one.condition}"
        events.append((one.started_at.timestamp(), f"{said}, of {one.request_id}"))
    for row in case.rows:
        said = f"row {row.id}: {row.outcome}, {row.status}, {row.error_code}, {row.attempt_count} attempts"
        events.append((row.started_at.timestamp(), said))
    yield f"errand {errand.number}: {errand.key or 'nobody'} asks for {errand.model or '?'} with {errand.size} bytes"
    for at, what in sorted(events):
        yield f"{_clock(at)}  {what}"


def _of_client(said: Said) -> list[tuple[float, str]]:
    saw = f"the client saw “{said.ending}”, {said.status}, {said.why}, id {said.request_id}"
    return [(said.began_at, "the client began"), (said.ended_at, saw)]


def _near(said: Said, killed: list[Kill]) -> list[Kill]:
    return [kill for kill in killed if said.began_at - NEAR_SECONDS < kill.at < said.ended_at + NEAR_SECONDS]


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]


def lines(document: dict[str, Any]) -> Iterator[str]:
    """What people are told at the end."""
    yield f"{document['requests']:,} requests, {document['kills']} kills: {_listed(document['kills_per_part'])}"
    yield f"clients saw    {_listed(document['endings'])}; answers {_listed(document['statuses'])}"
    cut = document["cut"]
    yield f"cut off        {cut['requests']}, of which the upstream saw {cut['upstream_asked']} and {cut['with_row']} have a row"
    yield f"upstream saw   {document['upstream_asked']:,} requests"
    yield f"database has   {document['rows']:,} requests, {document['attempts']:,} attempts: {_listed(document['outcomes'])}"
    if document["form"] == "outage":
        yield (
            f"failed {document['failed']}; p99 {_listed(document['p99_ms'])}: {document['p99_added_ms']} ms above normal, "
            f"where {outage.MOST_ADDED_MS:g} may be"
        )
    else:
        drained = document["drain_seconds"]
        yield "The backlog was not drained." if drained is None else f"drained in     {drained} s"
    for finding in document["findings"]:
        yield f"{finding['kind'].upper()}: {finding['what']}"
        yield from (f"    {line}" for line in finding["story"])
    if document["gateway_exit_code"]:
        yield f"The gateway ended with exit code {document['gateway_exit_code']} after SIGTERM."
    yield f"lost {document['lost']}, duplicated {document['duplicated']}, miscounted {document['miscounted']}"


def _listed(numbers: dict[str, object]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(numbers.items())) or "none"
