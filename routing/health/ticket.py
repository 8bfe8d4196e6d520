"""One request at one upstream, from its begin to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from providers.verdict import Verdict

if TYPE_CHECKING:
    from routing.health.health import Health


class Ticket:
    """Given by Health.begin. Ends once, by end() or leave(); whatever comes after that changes nothing."""

    __slots__ = ("_health", "begun", "epoch", "first_byte_at", "give_up", "has_ended", "streams")

    def __init__(self, health: Health, begun: float, epoch: int, streams: bool) -> None:
        self._health = health
        self.begun = begun
        self.epoch = epoch
        """Of the breaker when it was begun: what it tells is news only in the same one."""
        self.streams = streams
        self.first_byte_at: float | None = None
        self.has_ended = False
        self.give_up: Callable[[], object] | None = None
        """Called while it waits for a first byte, when its upstream is found to stall: it may go to another one."""

    @property
    def is_probe(self) -> bool:
        """Its outcome decides whether the breaker closes."""
        return self._health.breaker.probe is self

    def first_byte(self, now: float) -> None:
        """The answer has begun: with its first content, or for whole answers its head. Not for an error's."""
        if self.first_byte_at is None and not self.has_ended:
            self.first_byte_at = now
            self.give_up = None  # it knows the request's plan and so a whole table, which a long stream would keep
            self._health.hear_first_byte(self, now)

    def end(self, now: float, verdict: Verdict | None = None, *, tokens: int = 0, read_tokens: int = 0) -> None:
        """It ended: well without a verdict, else as that says. `tokens` of output, `read_tokens` of input; 0 when nobody knows."""
        if self.has_ended:
            return
        if verdict is None:
            self._health.succeed(self, now, tokens, read_tokens)
        else:
            self._health.end(self, now, verdict)

    def lose(self, now: float) -> None:
        """It was late, and another upstream answered. As leave(), but how long it took at least is remembered."""
        if not self.has_ended:
            self._health.lose(self, now)

    def leave(self) -> None:
        """Its client left, or we gave it up for reasons of our own: that says nothing of the upstream."""
        if not self.has_ended:
            self._health.release(self)
