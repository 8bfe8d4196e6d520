"""Two tries for one request: who wins, what is told of the other, and what is left of both at every moment of a cancel."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, cast

import pytest

from gateway.answered import Answered, Whole
from gateway.draft import Draft, Moment
from gateway.errors import HistoryUnavailable
from gateway.hedge import first_or_hedge
from gateway.metrics.totals import TOTALS
from gateway.prepared import prepare
from gateway.runtime import Runtime
from gateway.tries import Tried
from history.records import Outcome
from providers.errors import ContentFiltered, UpstreamError, UpstreamRejected, UpstreamServerError
from routing.health import HealthBook, Ticket
from routing.hedging import HedgeBudgets
from routing.plan import Plan
from routing.step import Step
from routing.table import Candidate, Route
from tests.gateway.test_prepared import LIMITS
from tests.routing.pictures import a_plan, a_table, an_upstream
from tests.waiting import comes

Behaviour = Callable[[], Awaitable[Whole]]

UPSTREAMS = [an_upstream(f"{name}/model") for name in "abc"]
USUAL_SECONDS = 0.01
LATE_SECONDS = 0.08


class Present:
    """The part of a runtime that two tries need."""

    chain_seconds = 60.0
    clock = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.health = HealthBook(random.Random(1))
        self.hedge_budgets = HedgeBudgets()
        self.leftovers: set[asyncio.Task[None]] = set()
        self.told: list[tuple[int, Outcome]] = []

    def clear_away(self, leftover: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(leftover)
        self.leftovers.add(task)
        task.add_done_callback(self.leftovers.discard)

    def record_failed_try(self, draft: Draft) -> None:
        last = draft.attempts[-1]
        self.told.append((last.number, last.outcome))

    def know_what_is_usual(self, key: str) -> None:
        health, now = self.health.of(key), self.clock()
        health.vitals.first_byte_percentile(95, now, streams=False)
        for _ in range(30):
            ticket = health.begin(now - USUAL_SECONDS, streams=False)
            ticket.first_byte(now)
            ticket.end(now)

    @property
    def in_flight(self) -> dict[str, int]:
        return self.health.in_flight()


class Race:
    """One request over upstreams a, b and c."""

    def __init__(
        self, behaviours: Mapping[str, Behaviour], *, warm: bool = True, **route: Any
    ) -> None:  # Any: of Route
        self.present = Present()
        candidates = tuple(Candidate(id=place + 1, weight=1, upstream=place) for place in range(3))
        fields = {"hedge_percentile": 95, "hedge_budget_percent": 100} | route
        self.route = Route(name="fast", id=1, tiers=(candidates,), **fields)
        self.plan: Plan = a_plan(
            a_table(UPSTREAMS, self.route), "fast", health=self.present.health, clock=time.monotonic
        )
        self.draft = Draft(
            id="0199",
            began=Moment(epoch=1_760_000_000, monotonic=self.present.clock()),
            api_type="chat",
            route=self.route,
        )
        self.behaviours = behaviours
        self.unrecorded: set[str] = set()
        """Providers at whom the history cannot keep a try."""
        self.tried: list[Tried] = []
        self.steps = self.plan.steps()
        if warm:
            self.present.know_what_is_usual("a/model")

    async def run(self) -> str | None:
        """Who answered."""
        answered = await first_or_hedge(
            next(self.steps), self._ask, self.plan, self.tried, self.draft, cast("Runtime", self.present)
        )
        return None if answered is None else answered.step.upstream.provider

    async def _ask(self, step: Step, draft: Draft, ticket: Ticket | None) -> Answered:
        upstream, now = step.upstream, self.present.clock()
        ticket = ticket or self.present.health.of(upstream.key).begin(now, streams=False)
        if upstream.provider in self.unrecorded:
            raise HistoryUnavailable
        draft.begin_attempt(step, "http://a", None, now, ticket)
        answer = await self.behaviours[upstream.provider]()
        draft.note_answer(self.present.clock())
        return Answered(step=step, prepared=prepare(upstream, credential="", limits=LIMITS), answer=answer)

    async def settled(self) -> None:
        assert await comes(lambda: not self.present.leftovers), "Something is not cleared away."

    def attempts(self) -> list[tuple[int, str, Outcome]]:
        """Of the finished exchange."""
        self.draft.end_attempt(Outcome.OK, self.present.clock())
        exchange = self.draft.close(Outcome.OK, 200, self.present.clock())
        return sorted((one.number, one.provider, one.outcome) for one in exchange.attempts)


def answers(after_seconds: float) -> Behaviour:
    async def behave() -> Whole:
        await asyncio.sleep(after_seconds)
        return Whole(status=200, content_type="application/json", body=b"{}")

    return behave


def fails(failure: Exception, after_seconds: float = 0) -> Behaviour:
    async def behave() -> Whole:
        await asyncio.sleep(after_seconds)
        raise failure

    return behave


def broken() -> UpstreamServerError:
    return UpstreamServerError("It failed.", upstream_status=500)


@pytest.mark.parametrize(
    ("a", "b", "winner", "attempts"),
    [
        (answers(0), answers(0), "a", [(1, "a", Outcome.OK)]),
        (answers(90), answers(0), "b", [(1, "a", Outcome.CANCELLED), (2, "b", Outcome.OK)]),
        (answers(LATE_SECONDS), answers(90), "a", [(1, "a", Outcome.OK), (2, "b", Outcome.CANCELLED)]),
        (fails(broken(), LATE_SECONDS), answers(0.2), "b", [(1, "a", Outcome.FAILED), (2, "b", Outcome.OK)]),
        (answers(LATE_SECONDS), fails(broken()), "a", [(1, "a", Outcome.OK), (2, "b", Outcome.FAILED)]),
        (fails(broken(), LATE_SECONDS), fails(broken()), None, [(1, "a", Outcome.FAILED), (2, "b", Outcome.FAILED)]),
    ],
    ids=["in time", "late", "late but first", "late and broken", "hedge broken", "both broken"],
)
async def test_whoever_answers_first_has_the_request(
    a: Behaviour, b: Behaviour, winner: str | None, attempts: list[tuple[int, str, Outcome]]
) -> None:
    race = Race({"a": a, "b": b})

    answered = await race.run()
    await race.settled()

    assert answered == winner
    assert race.attempts() == attempts
    assert race.present.in_flight == {}
    assert [one.step.upstream.provider for one in race.tried] == ([] if winner else ["a", "b"])


@pytest.mark.parametrize(
    ("a", "b", "answered"),
    [
        (answers(0), answers(0), None),
        (answers(90), answers(0), "second"),
        (answers(LATE_SECONDS), answers(90), "first"),
        (fails(broken(), LATE_SECONDS), fails(broken()), "neither"),
    ],
    ids=["in time", "late", "late but first", "both broken"],
)
async def test_each_hedge_is_counted_by_who_answered(a: Behaviour, b: Behaviour, answered: str | None) -> None:
    before = dict(TOTALS.hedges)
    race = Race({"a": a, "b": b})

    await race.run()
    await race.settled()

    new = {key: number - before.get(key, 0) for key, number in TOTALS.hedges.items() if number != before.get(key, 0)}
    assert new == ({("fast", answered): 1} if answered else {})


async def test_a_failure_in_time_is_no_reason_for_a_hedge() -> None:
    race = Race({"a": fails(broken()), "b": answers(0)})

    answered = await race.run()

    assert answered is None
    assert [one.step.upstream.provider for one in race.tried] == ["a"]
    assert [step.upstream.provider for step in race.steps] == ["b", "c"]


async def test_after_both_have_failed_the_plan_goes_on_and_the_first_failure_is_the_first_ones() -> None:
    race = Race({"a": fails(broken(), LATE_SECONDS), "b": fails(UpstreamRejected("No.", upstream_status=400))})

    await race.run()

    assert [one.step.upstream.provider for one in race.tried] == ["a", "b"]
    assert race.plan.failed == ["server_error"], "the last one is told by whoever walks the plan"
    assert [step.upstream.provider for step in race.steps] == ["c"]


@pytest.mark.parametrize(
    "failure", [ContentFiltered("No.", upstream_status=400), UpstreamRejected("No.", upstream_status=400)]
)
async def test_what_the_first_refuses_is_not_had_from_the_other(failure: UpstreamError) -> None:
    race = Race({"a": fails(failure, LATE_SECONDS), "b": answers(0.3)})

    answered = await race.run()
    await race.settled()

    assert answered is None
    assert [one.failure for one in race.tried] == [failure]
    assert race.attempts() == [(1, "a", Outcome.FAILED), (2, "b", Outcome.CANCELLED)]
    assert race.present.in_flight == {}


@pytest.mark.parametrize(
    ("warm", "route"), [(False, {}), (True, {"max_attempts": 1})], ids=["nothing is known", "a single attempt"]
)
async def test_then_the_first_is_waited_for(warm: bool, route: dict[str, int]) -> None:
    race = Race({"a": answers(LATE_SECONDS), "b": answers(0)}, warm=warm, **route)

    assert await race.run() == "a"
    assert race.attempts() == [(1, "a", Outcome.OK)]


async def test_a_hedge_that_the_history_cannot_keep_is_not_made() -> None:
    race = Race({"a": answers(LATE_SECONDS)})
    race.unrecorded.add("b")

    answered = await race.run()

    assert answered == "a"
    assert race.attempts() == [(1, "a", Outcome.OK)]
    assert race.present.in_flight == {}


async def test_a_defect_of_ours_is_not_taken_for_an_upstreams_failure() -> None:
    race = Race({"a": fails(KeyError("a defect of ours"), LATE_SECONDS), "b": answers(90)})

    with pytest.raises(KeyError):
        await race.run()
    await race.settled()

    assert race.present.in_flight == {}


async def test_who_was_late_is_remembered_as_late_and_is_not_blamed() -> None:
    race = Race({"a": answers(90), "b": answers(LATE_SECONDS)})
    vitals = race.present.health.of("a/model").vitals
    before = vitals.first_byte_percentile(99, time.monotonic(), streams=False)

    await race.run()

    after = vitals.first_byte_percentile(99, time.monotonic(), streams=False)
    assert before is not None
    assert after is not None
    assert after > LATE_SECONDS > before
    assert (vitals.good, vitals.bad) == (30, 0)
    assert race.present.told == [(1, Outcome.CANCELLED)]


@pytest.mark.parametrize("turns", range(0, 60, 2))
async def test_a_client_that_leaves_at_any_turn_leaves_nothing(turns: int) -> None:
    async def unhurried() -> Whole:
        for _ in range(1_000_000):
            await asyncio.sleep(0)
        raise AssertionError("Nobody cancelled it.")

    race = Race({"a": unhurried, "b": unhurried})
    before = asyncio.all_tasks()
    going = asyncio.create_task(race.run())
    await asyncio.sleep(0 if turns < 30 else 0.025)
    for _ in range(turns):
        await asyncio.sleep(0)

    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    exchange = race.draft.close(Outcome.CANCELLED, 499, race.present.clock())
    await race.settled()

    assert {one.outcome for one in exchange.attempts} <= {Outcome.CANCELLED}
    assert race.present.in_flight == {}
    assert asyncio.all_tasks() == before
