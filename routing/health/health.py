"""All that this process knows of one upstream's health."""

import random

from providers.errors import Condition
from providers.verdict import Harm, Scope, Verdict
from routing.health.account import Account, full
from routing.health.breaker import Breaker, State
from routing.health.lateness import LATE_TOGETHER, Lateness
from routing.health.outage import Outage
from routing.health.rest import Rest
from routing.health.retry_budget import Budget
from routing.health.standing import WELL, Cause, Standing
from routing.health.ticket import Ticket
from routing.health.told import Told
from routing.health.vitals import VitalSigns

MENDED_BY_AN_ANSWER = {Condition.AUTH, Condition.QUOTA_EXCEEDED, Condition.MODEL_NOT_FOUND}
"""A key that was refused, an account without money, a model that nobody knew: an answer shows that it is mended."""
ALWAYS_CALM = float("inf")
CLEARANCE_TOLD_SECONDS = 10.0
LOOK_NOW = float("-inf")


class Health:
    """Of one upstream. Every request to it is begun here, and ends by its ticket.

    On the healthy path standing() compares twice: whatever makes a closer look necessary moves `calm_until`.
    """

    __slots__ = (
        *("_lateness_of_streams", "_lateness_of_wholes", "account", "breaker", "budget", "calm_until", "cap"),
        *(
            "clearances",
            "cleared_at",
            "in_flight",
            "in_flight_elsewhere",
            "key",
            "outage",
            "rest",
            "rests",
            "succeeded_at",
            "vitals",
        ),
    )

    def __init__(self, key: str, account: Account, rng: random.Random, cap: int) -> None:
        self.key = key
        self.account = account
        self.cap = cap
        """As many requests may be in flight from this process."""
        self.in_flight = 0
        self.in_flight_elsewhere = 0
        """From other processes, as far as they have told."""
        self.breaker = Breaker(rng)
        self.outage = Outage(rng)
        """What counts instead of the breaker where an alias has nobody else."""
        self.rest = Rest(rng)
        self.rests = 0
        """Rests since the start that a request here earned, those of the credential too."""
        self.budget = Budget()
        self.vitals = VitalSigns()
        self.calm_until = ALWAYS_CALM
        """Before this moment nothing can speak against it."""
        self.succeeded_at = float("-inf")
        self.clearances = 0
        self.cleared_at = float("-inf")
        # What is usual for a first token is not usual for the head of a whole answer.
        self._lateness_of_streams = Lateness()
        self._lateness_of_wholes = Lateness()

    def standing(self, now: float, is_lone: bool = False) -> Standing:
        """May it be chosen now; `is_lone` where the alias has nobody else."""
        if now < self.calm_until and self.account.is_calm:
            return WELL
        return self._examined(now, is_lone)

    def patience_seconds(self, *, streams: bool = True) -> float | None:
        """How long a first byte may take here before it is late; None while that is not known."""
        limit = self._lateness(streams).limit_seconds
        return limit if limit < ALWAYS_CALM else None

    def begin(self, now: float, *, streams: bool = True) -> Ticket:
        """A request is sent now. It is the probe if one is wanted. Refuses nobody: ask standing() first."""
        breaker = self.breaker
        if breaker.state is not State.CLOSED:
            self._look(now)
        ticket = Ticket(self, now, breaker.epoch, streams)
        if breaker.state is State.HALF_OPEN:
            breaker.offer(ticket)
        lateness = self._lateness_of_streams if streams else self._lateness_of_wholes
        lateness.waiting[ticket] = None
        if len(lateness.waiting) == LATE_TOGETHER:
            self.calm_until = min(self.calm_until, now + lateness.limit_seconds)
        account = self.account
        self.in_flight += 1
        account.in_flight += 1
        if self.in_flight >= self.cap:
            self.alarm()
        if account.in_flight >= account.cap:
            account.is_calm = False
        self.budget.tries.add(now, 1, 0)
        self.vitals.use.add(now, 1, 0)
        return ticket

    def hear_first_byte(self, ticket: Ticket, now: float) -> None:
        """For the ticket alone."""
        lateness = self._lateness_of_streams if ticket.streams else self._lateness_of_wholes
        lateness.waiting.clear()
        if ticket.epoch == self.breaker.epoch:
            lateness.learn(now - ticket.begun)

    def succeed(self, ticket: Ticket, now: float, tokens: int, read_tokens: int) -> None:
        """For the ticket alone: it was answered well."""
        self._count_out(ticket)
        self.succeeded_at = now
        self.vitals.succeeded(now, ticket.begun, ticket.first_byte_at, tokens, read_tokens, ticket.streams)
        self.outage.window.add(now, 1, 0)
        self.outage.in_row = 0
        breaker, epoch = self.breaker, self.breaker.epoch
        breaker.succeeded(now, ticket)
        if breaker.epoch != epoch:
            self._begin_epoch()
        if self.rest.until or self.account.rest.until:
            self._end_rests(ticket)

    def end(self, ticket: Ticket, now: float, verdict: Verdict) -> None:
        """For the ticket alone: it was not, as the verdict says."""
        if verdict.shows_life:
            self._count_out(ticket)
            self._show_life(ticket, now)
        elif verdict.harm is Harm.NONE:
            self.release(ticket)
        else:
            self._count_out(ticket)
            self._suffer(ticket, now, verdict)

    def release(self, ticket: Ticket) -> None:
        """For the ticket alone: it ended without a meaning for health."""
        self._count_out(ticket)
        self.breaker.withdraw(ticket)

    def lose(self, ticket: Ticket, now: float) -> None:
        """For the ticket alone: somebody else was quicker."""
        heard_at = now if ticket.first_byte_at is None else ticket.first_byte_at
        self.vitals.lost(now, heard_at - ticket.begun, ticket.streams)
        self.release(ticket)

    def clear(self, now: float) -> None:
        """An administrator says that it is well: no breaker, no rest, its full share at once."""
        self._forget(now)
        self.clearances += 1
        self.cleared_at = now

    def believe_cleared(self, now: float) -> None:
        """An administrator said so to another process."""
        self._forget(now)

    def believe_answered(self, begun: float) -> None:
        """A probe that was begun then was answered well. Ends the rests whose length was ours to guess, and nothing else.

        What the provider asked us to wait for it still wants: one tiny request says nothing of a rate.
        """
        for rest in (self.rest, self.account.rest):
            if rest.condition in MENDED_BY_AN_ANSWER and rest.since <= begun:
                rest.clear()

    def is_quiet(self, now: float) -> bool:
        """There is nothing that other processes should know of it: cheap, as all upstreams are asked each second."""
        return now < self.calm_until and now - self.cleared_at >= CLEARANCE_TOLD_SECONDS

    @property
    def is_untouched(self) -> bool:
        """Nobody has asked it so far, and nothing was heard of it: there is nothing to show."""
        vitals = self.vitals
        return (
            self.calm_until == ALWAYS_CALM
            and self.account.is_calm
            and not (vitals.good or vitals.bad or vitals.use.events or self.in_flight)
        )

    def alarm(self) -> None:
        """Have the next standing() look closely."""
        self.calm_until = LOOK_NOW

    def as_told(self, now: float) -> Told:
        """For pages and metrics."""
        standing = self.standing(now)
        vitals = self.vitals
        vitals.use.look(now)
        return Told(
            key=self.key,
            state=self.breaker.state,
            standing=standing,
            seconds_left=None if standing.until is None else max(standing.until - now, 0.0),
            openings=self.breaker.openings,
            opened_total=self.breaker.opened,
            rests_total=self.rests,
            in_flight=self.in_flight,
            in_flight_elsewhere=self.in_flight_elsewhere,
            first_byte_ms=vitals.first_byte_ms,
            tokens_per_second=vitals.speed.value,
            success_ratio=vitals.outcomes.value,
            samples=vitals.samples(now),
            good=vitals.good,
            bad=vitals.bad,
            used_requests=vitals.use.events,
            used_tokens=vitals.use.amount,
        )

    def _examined(self, now: float, is_lone: bool) -> Standing:
        self._look(now)  # also while it rests: pages show the breaker
        if (objection := self.account.objection(now)) is not None:
            return objection
        if self.rest.is_on(now):
            return self.rest.standing(now)
        if self.in_flight >= self.cap:
            return full(self.in_flight)
        if not self.breaker.is_calm(now) or now < self.outage.until:
            self.alarm()
            return self.outage.standing(now) if is_lone else self.breaker.standing(now)
        self.calm_until = min(self._lateness_of_streams.stalls_at(), self._lateness_of_wholes.stalls_at())
        return WELL

    def _look(self, now: float) -> None:
        breaker, epoch = self.breaker, self.breaker.epoch
        if now > self._lateness_of_streams.stalls_at() or now > self._lateness_of_wholes.stalls_at():
            breaker.stalled(now)
        probe = breaker.probe
        breaker.look(now, ALWAYS_CALM if probe is None else self._lateness(probe.streams).limit_seconds)
        if breaker.epoch != epoch:
            self._begin_epoch()

    def _lateness(self, streams: bool) -> Lateness:
        return self._lateness_of_streams if streams else self._lateness_of_wholes

    def _begin_epoch(self) -> None:
        """Whoever waits since before proves nothing any more; and where nobody answers, waits in vain."""
        if self.breaker.state is State.OPEN and self.breaker.cause is Cause.STALLS:
            self._let_go()
        self._lateness_of_streams.waiting.clear()
        self._lateness_of_wholes.waiting.clear()
        self.alarm()

    def _let_go(self) -> None:
        for ticket in [*self._lateness_of_streams.waiting, *self._lateness_of_wholes.waiting]:
            if ticket.give_up is not None:
                ticket.give_up()

    def _count_out(self, ticket: Ticket) -> None:
        ticket.has_ended = True
        self.in_flight -= 1
        self.account.in_flight -= 1
        if ticket.first_byte_at is None:
            self._lateness(ticket.streams).waiting.pop(ticket, None)

    def _show_life(self, ticket: Ticket, now: float) -> None:
        epoch = self.breaker.epoch
        self.breaker.showed_life(now, ticket)
        if self.breaker.epoch != epoch:
            self._begin_epoch()
        self._end_rests(ticket)

    def _end_rests(self, ticket: Ticket) -> None:
        for rest in (self.rest, self.account.rest):
            if rest.until and ticket.begun >= rest.since:  # asked since, and answered
                rest.clear()

    def _suffer(self, ticket: Ticket, now: float, verdict: Verdict) -> None:
        self.vitals.failed(now)
        if verdict.harm is Harm.REST:
            self.breaker.withdraw(ticket)
            self._rest(ticket, now, verdict)
            return
        breaker, epoch = self.breaker, self.breaker.epoch
        self.outage.failed(now, verdict.condition)
        breaker.failed(now, ticket, verdict)
        if breaker.epoch != epoch:
            self._begin_epoch()
        self.alarm()

    def _rest(self, ticket: Ticket, now: float, verdict: Verdict) -> None:
        is_of_all = verdict.scope is Scope.CREDENTIAL
        if is_of_all and ticket.begun < self.account.renewed_at:
            return
        rest = self.account.rest if is_of_all else self.rest
        if not rest.is_on(now):
            self.rests += 1
        rest.begin(now, ticket.begun, verdict)
        if is_of_all:
            self.account.is_calm = False
        else:
            self.alarm()

    def _forget(self, now: float) -> None:
        self.breaker.clear(now)
        self.outage.clear()
        self.rest.clear()
        self.account.rest.clear()  # else it would rest on, and clearing it would have done nothing
        self._begin_epoch()
