"""An upstream's health with a clock moved by hand, and the verdicts that requests end with."""

import random

from providers.errors import Condition, Fault
from providers.verdict import Harm, Scope, Verdict
from routing.health import Health, HealthBook, Ticket

START = 1000.0
PLENTY = 25
"""Answers after which it is known what is usual."""


def a_verdict(
    harm: Harm,
    condition: Condition = Condition.SERVER_ERROR,
    *,
    scope: Scope = Scope.UPSTREAM,
    rest_seconds: float | None = None,
    rest_cap_seconds: float | None = None,
    grows: bool = False,
    shows_life: bool = False,
    was_reached: bool = True,
) -> Verdict:
    return Verdict(
        condition=condition,
        fault=Fault.UPSTREAM,
        may_fail_over=True,
        again=0,
        harm=harm,
        scope=scope,
        rest_seconds=rest_seconds,
        rest_cap_seconds=rest_cap_seconds,
        grows=grows,
        shows_life=shows_life,
        was_reached=was_reached,
        should_retry=None,
    )


FAILURE = a_verdict(Harm.FAILURE)
REFUSED = a_verdict(Harm.FAILURE, Condition.CONNECTION, was_reached=False)
NO_CONNECTION_IN_TIME = a_verdict(Harm.FAILURE, Condition.TIMEOUT, was_reached=False)
BROKEN_OFF = a_verdict(Harm.FAILURE, Condition.CONNECTION)
STALL = a_verdict(Harm.STALL, Condition.TIMEOUT)
HARD = a_verdict(Harm.HARD, Condition.CONNECTION)
NOTHING = a_verdict(Harm.NONE, Condition.REJECTED)
CALLERS_FAULT = a_verdict(Harm.NONE, Condition.REJECTED, shows_life=True)


def rate_limited() -> Verdict:
    """Without a word of how long."""
    return a_verdict(Harm.REST, Condition.RATE_LIMITED, rest_seconds=5.0, rest_cap_seconds=60.0, grows=True)


def rate_limited_for(seconds: float) -> Verdict:
    return a_verdict(Harm.REST, Condition.RATE_LIMITED, rest_seconds=seconds, rest_cap_seconds=seconds)


def a_book(**caps: int) -> HealthBook:
    return HealthBook(random.Random(4), **caps)


def a_health() -> Health:
    return a_book().of("openai/gpt-4o")


def ask(
    health: Health,
    now: float,
    verdict: Verdict | None = None,
    *,
    takes: float = 0.5,
    tokens: int = 0,
    streams: bool = True,
) -> Ticket:
    """One request from begin to end: answered after 60 % of `takes`, unless it failed."""
    ticket = health.begin(now, streams=streams)
    if verdict is None:
        ticket.first_byte(now + 0.6 * takes)
    ticket.end(now + takes, verdict, tokens=tokens)
    return ticket


def answer_well(health: Health, now: float, times: int = PLENTY, *, takes: float = 0.5) -> float:
    """One good answer after the other. The time after that."""
    for _ in range(times):
        ask(health, now, takes=takes)
        now += takes
    return now


def broken(health: Health, now: float = START) -> float:
    """Opened by three failures in a row. Until when."""
    for _ in range(3):
        ask(health, now, FAILURE, takes=0.0)
    until = health.standing(now).until
    assert until is not None
    return until


def recovered(health: Health, now: float = START) -> float:
    """Broken, and closed again by two good probes. When that was."""
    after = broken(health, now)
    ask(health, after, takes=0.1)
    ask(health, after + 0.1, takes=0.1)
    return after + 0.2
