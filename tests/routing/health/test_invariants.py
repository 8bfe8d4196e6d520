"""What holds whatever happens, in whatever order: three upstreams of one alias, driven at random."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from providers.verdict import Verdict
from routing.health import Health, Ticket, readmitted
from routing.health.breaker import State
from tests.routing.health.scenes import (
    CALLERS_FAULT,
    FAILURE,
    HARD,
    NOTHING,
    REFUSED,
    STALL,
    START,
    a_book,
    rate_limited,
    rate_limited_for,
)

PLACES = st.integers(0, 2)
HARMFUL = st.sampled_from([FAILURE, REFUSED, STALL, HARD, rate_limited(), rate_limited_for(2.0)])
LONGEST_OPEN_SECONDS = 72.0
"""A minute after a hard failure, and a fifth more."""


def picture(health: Health, now: float) -> tuple[object, ...]:
    """Everything that a neutral end must not change."""
    breaker, rest = health.breaker, health.rest
    return (
        breaker.state,
        breaker.until,
        breaker.openings,
        breaker.failures_in_row,
        breaker.stalls_in_row,
        breaker.window.events,
        breaker.window.amount,
        len(breaker.passed),
        rest.until,
        rest.repeated,
        health.outage.window.events,
        health.vitals.outcomes.value,
        health.vitals.first_byte_ms,
    )


class ThreeUpstreams(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        book = a_book()
        self.healths = [book.of(f"provider{place}/model") for place in range(3)]
        self.tickets: list[tuple[Health, Ticket]] = []

    @rule(seconds=st.floats(0, 8))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(place=PLACES, streams=st.booleans())
    def begin(self, place: int, streams: bool) -> None:
        health = self.healths[place]
        self.tickets.append((health, health.begin(self.now, streams=streams)))

    @rule(place=PLACES, times=st.integers(1, 25))
    def answer_many(self, place: int, times: int) -> None:
        for _ in range(times):
            ticket = self.healths[place].begin(self.now)
            ticket.first_byte(self.now)
            ticket.end(self.now, tokens=10)

    @rule(place=PLACES, times=st.integers(1, 4), verdict=HARMFUL)
    def fail_many(self, place: int, times: int, verdict: Verdict) -> None:
        for _ in range(times):
            self.healths[place].begin(self.now).end(self.now, verdict)

    @precondition(lambda self: self.tickets)
    @rule(draw=st.data())
    def first_byte(self, draw: st.DataObject) -> None:
        _, ticket = draw.draw(st.sampled_from(self.tickets))
        ticket.first_byte(self.now)

    @precondition(lambda self: self.tickets)
    @rule(draw=st.data(), verdict=st.one_of(st.none(), HARMFUL, st.just(CALLERS_FAULT)))
    def end(self, draw: st.DataObject, verdict: Verdict | None) -> None:
        _, ticket = self.taken(draw)
        ticket.end(self.now, verdict)

    @precondition(lambda self: self.tickets)
    @rule(draw=st.data(), leaves=st.booleans())
    def end_neutrally(self, draw: st.DataObject, leaves: bool) -> None:
        health, ticket = self.taken(draw)
        health.standing(self.now)
        was_probe, before = ticket.is_probe, picture(health, self.now)

        ticket.leave() if leaves else ticket.end(self.now, NOTHING)

        assert picture(health, self.now) == before
        if was_probe:
            assert health.breaker.probe is None

    @rule(place=PLACES)
    def clear(self, place: int) -> None:
        self.healths[place].clear(self.now)

        assert self.healths[place].standing(self.now).ok

    def taken(self, draw: st.DataObject) -> tuple[Health, Ticket]:
        return self.tickets.pop(draw.draw(st.integers(0, len(self.tickets) - 1)))

    @invariant()
    def a_closed_healthy_breaker_never_refuses(self) -> None:
        for health in self.healths:
            standing = health.standing(self.now)
            if health.breaker.state is State.CLOSED and not health.rest.is_on(self.now):
                assert standing.ok

    @invariant()
    def at_most_one_probe_is_out(self) -> None:
        for health in self.healths:
            assert sum(ticket.is_probe for each, ticket in self.tickets if each is health) <= 1

    @invariant()
    def while_a_probe_is_out_nobody_else_is_let_in(self) -> None:
        for health in self.healths:
            standing = health.standing(self.now)
            if health.breaker.probe is not None:
                assert not standing.ok

    @invariant()
    def in_flight_is_what_was_begun_and_has_not_ended(self) -> None:
        for health in self.healths:
            assert health.in_flight == sum(each is health for each, _ in self.tickets)
            assert health.in_flight == health.account.in_flight

    @invariant()
    def nobody_is_out_for_longer_than_its_time(self) -> None:
        for health in self.healths:
            health.standing(self.now)
            breaker = health.breaker
            assert (breaker.state is State.OPEN) == (breaker.state is not State.CLOSED and self.now < breaker.until)
            assert breaker.until - self.now <= LONGEST_OPEN_SECONDS
            assert health.rest.until - self.now <= 90

    @invariant()
    def opinions_do_not_empty_the_alias(self) -> None:
        standings = [health.standing(self.now) for health in self.healths]
        back = readmitted(standings, [1, 1, 1])
        if any(standing.is_outlier for standing in standings):
            assert back or any(standing.ok for standing in standings)

    @invariant()
    def a_share_is_a_share(self) -> None:
        assert all(0.1 <= health.standing(self.now).share <= 1 for health in self.healths)

    def teardown(self) -> None:
        for _, ticket in self.tickets:
            ticket.leave()
        assert all(health.in_flight == 0 for health in self.healths)
        assert all(health.account.in_flight == 0 for health in self.healths)


ThreeUpstreams.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
test_it_holds = ThreeUpstreams.TestCase
