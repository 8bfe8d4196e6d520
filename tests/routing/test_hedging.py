"""The budget of second requests, and what hedging within it does to an upstream that is now and then late."""

import heapq
import random
from collections.abc import Callable
from functools import partial

import pytest

from routing.health import HealthBook, Ticket
from routing.hedging import HedgeBudget, HedgeBudgets

START = 1000.0


def hedges(budget: HedgeBudget, moments: list[float], percent: int) -> list[float]:
    """When somebody was asked twice, if every request would be."""
    hedged = []
    for now in moments:
        budget.earn(now, percent)
        if budget.can_take(now, percent):
            budget.take()
            hedged.append(now)
    return hedged


@pytest.mark.parametrize("percent", [1, 3, 5, 33, 50, 100])
def test_of_1000_requests_that_are_all_late_exactly_so_many_percent_are_hedged(percent: int) -> None:
    moments = [START + place * 0.05 for place in range(1000)]

    assert len(hedges(HedgeBudget(), moments, percent)) == 10 * percent


@pytest.mark.parametrize("every_seconds", [0.001, 0.1, 7.0, 100.0])
def test_it_is_kept_at_any_pace(every_seconds: float) -> None:
    moments = [START + place * every_seconds for place in range(1000)]

    assert 45 <= len(hedges(HedgeBudget(), moments, 5)) <= 50


def test_what_is_saved_is_no_more_than_the_last_minute_would_allow() -> None:
    budget = HedgeBudget()
    for place in range(36_000):
        budget.earn(START + place * 0.1, 5)

    hedged = hedges(budget, [START + 3600 + place * 0.01 for place in range(100)], 5)

    assert len(hedged) <= 0.05 * 600 + 0.05 * 100


def test_after_an_hour_without_requests_one_may_be_hedged() -> None:
    budget = HedgeBudget()
    for place in range(10_000):
        budget.earn(START + place * 0.01, 5)

    hedged = hedges(budget, [START + 3700 + place for place in range(10)], 5)

    assert len(hedged) == 1


def test_each_alias_has_a_budget_of_its_own() -> None:
    budgets = HedgeBudgets()
    budgets.of(1).earn(START, 100)

    assert budgets.of(1).can_take(START, 100)
    assert not budgets.of(2).can_take(START, 100)


# What it is for

PERCENTILE = 95
BUDGET_PERCENT = 6
REQUESTS = 20_000
EVERY_SECONDS = 0.05


def bimodal(rng: random.Random) -> float:
    """Seconds to the first byte: about 0.3 s, and for three in a hundred about 5 s."""
    return rng.lognormvariate(0, 0.2) * (5.0 if rng.random() < 0.03 else 0.3)


def usual(rng: random.Random) -> float:
    return 0.3 * rng.lognormvariate(0, 0.2)


def simulated(percentile: int, takes: Callable[[random.Random], float]) -> tuple[list[float], int]:
    """How long each client waited, sorted, and how many requests more were sent. Two upstreams, both as slow as `takes` says."""
    rng, book, budget = random.Random(20), HealthBook(random.Random(3)), HedgeBudget()
    first, other = book.of("a/model"), book.of("b/model")
    waits: list[float] = []
    extra = 0
    endings: list[tuple[float, int, Callable[[float], None]]] = []
    for number in range(REQUESTS):
        now = START + number * EVERY_SECONDS
        while endings and endings[0][0] <= now:
            at, _, end = heapq.heappop(endings)
            end(at)
        budget.earn(now, BUDGET_PERCENT)
        late_after = first.vitals.first_byte_percentile(percentile, now, streams=True) if percentile else None
        ticket, took = first.begin(now), takes(rng)
        end = partial(answered, ticket)
        if late_after is not None and took > late_after and budget.can_take(now, BUDGET_PERCENT):
            budget.take()
            extra += 1
            beside, in_all = other.begin(now), late_after + takes(rng)
            beside.leave()
            if in_all < took:
                took, end = in_all, ticket.lose
        heapq.heappush(endings, (now + took, number, end))
        waits.append(took)
    return sorted(waits), extra


def answered(ticket: Ticket, at: float) -> None:
    ticket.first_byte(at)
    ticket.end(at)


def test_the_99th_percentile_of_an_upstream_that_is_now_and_then_late_falls_within_the_budget() -> None:
    plain, _ = simulated(0, bimodal)

    hedged, extra = simulated(PERCENTILE, bimodal)

    assert plain[REQUESTS * 99 // 100] > 4.0
    assert hedged[REQUESTS * 99 // 100] < 1.2
    assert hedged[REQUESTS // 2] == pytest.approx(plain[REQUESTS // 2], rel=0.05)
    assert 0 < extra <= REQUESTS * BUDGET_PERCENT // 100


def test_where_nobody_is_ever_late_by_much_few_are_asked_twice_all_the_same() -> None:
    _, extra = simulated(PERCENTILE, usual)

    assert extra / REQUESTS == pytest.approx(0.05, abs=0.01)
