"""Whether an upstream is left alone after failures, and when it is tried again.

    closed ──3 failures in a row, 2 stalls in a row, half of 20 in 10 s, or one hard failure──▶ open
    open ──its time is over──▶ half-open: one real request at a time is the probe
    half-open ──2 good probes──▶ closed, starting slowly     half-open ──a bad probe──▶ open, for longer

Open for 5 s, then 10, then 15 (±20 %), 60 after a hard failure; forgotten after 60 s without opening. The worst case after a
recovery is 18 s open and 10 s of slow start, so that an upstream has its full share again within 30 s.

While it is not closed only the probe counts, and once it has closed only what was begun since: requests that were under
way when it broke go on failing for as long as their timeouts, and tell nothing new.

Source: Nygard, “Release It!” (2007), Circuit Breaker; Envoy, outlier detection (base_ejection_time × times ejected, jitter).
"""

import random
from enum import StrEnum

from providers.errors import Condition
from providers.verdict import Harm, Verdict
from routing.health.ramp import Ramp
from routing.health.standing import OUTLIER_CAUSES, WELL, Cause, Standing, with_time_left
from routing.health.ticket import Ticket
from routing.health.window import Window

FAILURES_IN_ROW = 3
STALLS_IN_ROW = 2
WINDOW_SECONDS = 10
LEAST_ANSWERS = 20
RATIO_PERCENT = 50
OPEN_SECONDS = 5.0
OPEN_CAP_SECONDS = 15.0
HARD_OPEN_SECONDS = 60.0
LEAST_OPEN_SECONDS = 1.0
JITTER = 0.2
FORGOTTEN_AFTER_SECONDS = 60.0
PROBES_TO_CLOSE = 2
PROBE_STREAMS_WELL_AFTER_SECONDS = 2.0
"""A stream may last for minutes. One that has flowed for this long is a good probe; if it breaks later, it counts."""

WORDS = {
    Cause.FAILURES: "failed",
    Cause.STALLS: "stalled",
    Cause.RATIO: "failed half the time",
    Cause.UNREACHABLE: "cannot be reached",
    Cause.HARD: "failed in a way that does not mend itself",
}


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Of one upstream."""

    __slots__ = (
        *("_rng", "cause", "closed_at", "condition", "epoch", "failures_in_row", "is_hearsay", "number"),
        *(
            "opened",
            "openings",
            "passed",
            "probe",
            "ramp",
            "stalls_in_row",
            "state",
            "unreached_in_row",
            "until",
            "window",
        ),
    )

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.state = State.CLOSED
        self.epoch = 0
        """Grows when it opens and when it closes. What was begun in another epoch changes nothing."""
        self.failures_in_row = 0
        self.stalls_in_row = 0
        self.unreached_in_row = 0
        """In whatever state: the last one of an alias is asked while it is open, and may turn out to be gone."""
        self.window = Window(WINDOW_SECONDS, WINDOW_SECONDS)
        """Events are answers since it opened or closed, the amount is how many of them were failures."""
        self.openings = 0
        """In a row, without 60 s of health between."""
        self.number = 0
        """Of all openings, so that other processes tell them apart."""
        self.opened = 0
        """Since the start, hearsay not among them: what all processes have seen can be added up."""
        self.until = 0.0
        self.cause = Cause.FAILURES
        self.condition: Condition | None = None
        self.is_hearsay = False
        self.closed_at = float("-inf")
        self.ramp = Ramp()
        self.probe: Ticket | None = None
        self.passed: list[Ticket] = []
        """The good probes of this half-open time."""

    def is_calm(self, now: float) -> bool:
        """Closed, with its full share."""
        return self.state is State.CLOSED and self.ramp.is_over(now)

    def standing(self, now: float) -> Standing:
        """As of the last look()."""
        if self.state is State.CLOSED:
            share = self.ramp.share(now)
            return (
                Standing(share=share, reason=f"starting slowly, at {share * 100:.0f} % of its weight")
                if share < 1
                else WELL
            )
        why = f"{WORDS[self.cause]} ({self.condition})" if self.condition else WORDS[self.cause]
        if self.state is State.OPEN:
            reason = with_time_left(why, self.until - now)
            return Standing(ok=False, condition=self.condition, reason=reason, until=self.until, cause=self.cause)
        is_wanted = self.probe is None
        reason = f"{why}, {'to be' if is_wanted else 'being'} probed"
        return Standing(ok=is_wanted, condition=self.condition, reason=reason, is_probe=is_wanted, cause=self.cause)

    def look(self, now: float, patience_seconds: float) -> None:
        """Do what time alone does. A probe without a first byte for longer than `patience_seconds` is a bad one."""
        if self.state is State.OPEN and now >= self.until:
            self.state = State.HALF_OPEN
        probe = self.probe
        if probe is None:
            return
        if probe.first_byte_at is None:
            if now - probe.begun > patience_seconds:
                self._open(now, Cause.STALLS, Condition.TIMEOUT, begun=probe.begun)
        elif now - probe.first_byte_at >= PROBE_STREAMS_WELL_AFTER_SECONDS:
            self._pass(now, probe)

    def offer(self, ticket: Ticket) -> None:
        """While it is half-open: make a request that begins now the probe, if nobody is."""
        if self.probe is None:
            self.probe = ticket

    def withdraw(self, ticket: Ticket) -> None:
        """A request ended without a meaning for health: if it was the probe, the next one is."""
        if self.probe is ticket:
            self.probe = None

    def showed_life(self, now: float, ticket: Ticket) -> None:
        """It found a fault in the request: enough for a probe, and no answer that would outweigh failures."""
        if self.probe is ticket:
            self._pass(now, ticket)

    def succeeded(self, now: float, ticket: Ticket) -> None:
        if ticket.epoch != self.epoch:
            return
        self.window.add(now, 1, 0)
        self.unreached_in_row = 0
        if self.state is State.CLOSED:
            self.failures_in_row = self.stalls_in_row = 0
        elif self.probe is ticket:
            self._pass(now, ticket)

    def failed(self, now: float, ticket: Ticket, verdict: Verdict) -> None:
        if ticket.epoch != self.epoch:
            return
        self.window.add(now, 1, 1)
        self.unreached_in_row = 0 if verdict.was_reached else self.unreached_in_row + 1
        if self.state is State.CLOSED:
            if cause := self._cause_to_open(now, verdict.harm):
                self._open(now, cause, verdict.condition, begun=now, hard_seconds=verdict.rest_seconds)
        elif self.probe is ticket or ticket in self.passed:
            cause = self._cause_of(verdict.harm)
            self._open(now, cause, verdict.condition, begun=ticket.begun, hard_seconds=verdict.rest_seconds)
        elif self.cause in OUTLIER_CAUSES and self._is_unreachable(verdict.condition, least=LEAST_ANSWERS):
            # It was asked all the same, as the last one of an alias. That was an opinion; this is none.
            self.cause, self.condition = Cause.UNREACHABLE, verdict.condition

    def stalled(self, now: float) -> None:
        """Several requests at once wait for longer than ever: that needs no timeout to be known."""
        if self.state is State.CLOSED:
            self._open(now, Cause.STALLS, Condition.TIMEOUT, begun=now)

    def believe(self, now: float, seconds: float, cause: Cause, condition: Condition | None) -> None:
        """Another process has opened: so do we, for what is left of its time, and then probe for ourselves."""
        if self.state is State.CLOSED:
            self._set_open(now, cause, condition, now + seconds)
            self.is_hearsay = True

    def clear(self, now: float) -> None:
        """An administrator says that it is well."""
        self._close(now)
        self.ramp.stop()
        self.openings = 0

    def _cause_to_open(self, now: float, harm: Harm) -> Cause | None:
        self.failures_in_row += 1
        self.stalls_in_row = self.stalls_in_row + 1 if harm is Harm.STALL else 0
        if harm is Harm.HARD or not self.ramp.is_over(now):
            return self._cause_of(harm)
        if self.stalls_in_row >= STALLS_IN_ROW:
            return Cause.STALLS
        if self.failures_in_row >= FAILURES_IN_ROW:
            return Cause.FAILURES
        return Cause.RATIO if self._fails_half_the_time() else None

    @staticmethod
    def _cause_of(harm: Harm) -> Cause:
        return {Harm.HARD: Cause.HARD, Harm.STALL: Cause.STALLS}.get(harm, Cause.FAILURES)

    def _fails_half_the_time(self) -> bool:
        return self.window.events >= LEAST_ANSWERS and self.window.amount * 100 >= RATIO_PERCENT * self.window.events

    def _is_unreachable(self, condition: Condition, *, least: int = 1) -> bool:
        """Nobody takes a connection; or it is broken off each time, `least` times, and nothing has succeeded meanwhile.

        Connections that break now and then among good answers are another matter.
        """
        if self.unreached_in_row >= FAILURES_IN_ROW:
            return True
        window = self.window
        return condition is Condition.CONNECTION and least <= window.events == window.amount

    def _open(
        self, now: float, cause: Cause, condition: Condition, *, begun: float, hard_seconds: float | None = None
    ) -> None:
        """A bad probe told of the moment when it was begun: counted from there, the next one is not late."""
        if self.state is State.CLOSED and now - self.closed_at >= FORGOTTEN_AFTER_SECONDS:
            self.openings = 0
        self.openings += 1
        self.opened += 1
        if cause is Cause.FAILURES and self._is_unreachable(condition):
            cause = Cause.UNREACHABLE
        if cause is Cause.HARD:
            seconds = HARD_OPEN_SECONDS if hard_seconds is None else hard_seconds
        else:
            seconds = min(OPEN_SECONDS * self.openings, OPEN_CAP_SECONDS)
        seconds *= self._rng.uniform(1 - JITTER, 1 + JITTER)
        self._set_open(now, cause, condition, max(begun + seconds, now + LEAST_OPEN_SECONDS))
        self.is_hearsay = False

    def _set_open(self, now: float, cause: Cause, condition: Condition | None, until: float) -> None:
        if self.state is State.CLOSED:
            self.epoch += 1
            self.window.clear()  # what was before it broke says nothing for it any more
        self.state = State.OPEN
        self.until = until
        self.cause = cause
        self.condition = condition
        self.number += 1
        self._forget_probes()

    def _pass(self, now: float, probe: Ticket) -> None:
        self.probe = None
        self.passed.append(probe)
        if len(self.passed) >= PROBES_TO_CLOSE:
            passed = self.passed
            self._close(now)
            self.ramp.start(now)
            for each in passed:
                each.epoch = self.epoch  # should its stream break after all, that is news

    def _close(self, now: float) -> None:
        self.state = State.CLOSED
        self.epoch += 1
        self.closed_at = now
        self.failures_in_row = self.stalls_in_row = 0
        self.window.clear()
        self._forget_probes()

    def _forget_probes(self) -> None:
        self.probe = None
        self.passed = []
