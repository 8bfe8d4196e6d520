"""What one process tells the others of an upstream's health: that it broke, that it rests, that it was cleared."""

from enum import StrEnum

import msgspec

from providers.errors import Condition
from routing.health.breaker import State
from routing.health.health import CLEARANCE_TOLD_SECONDS, Health
from routing.health.rest import Rest
from routing.health.standing import Cause

TRUSTS_OWN_EYES_SECONDS = 2.0


class Event(StrEnum):
    OPENED = "opened"
    RESTS = "rests"
    CLEARED = "cleared"
    CREDENTIAL_RESTS = "credential_rests"
    ANSWERED = "answered"
    """A probe was; told by whoever sent it (gateway/health/probing.py)."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """One event. Told again and again while it lasts, and believed once: by teller, key, event and number."""

    key: str
    """Of the upstream; the provider's name for CREDENTIAL_RESTS."""
    event: Event
    number: int
    """Grows with each event of this kind at this key in the process that tells it."""
    seconds: float = 0.0
    """How long it lasts from now: clocks differ between machines. For ANSWERED how long ago the probe was begun."""
    cause: Cause = Cause.FAILURES
    condition: Condition | None = None


def of_health(health: Health, now: float) -> list[News]:
    """What this process has seen itself; hearsay is not passed on."""
    news = []
    breaker = health.breaker
    if breaker.state is State.OPEN and now < breaker.until and not breaker.is_hearsay:
        left, cause, condition = breaker.until - now, breaker.cause, breaker.condition
        number = breaker.number
        opened = News(key=health.key, event=Event.OPENED, number=number, seconds=left, cause=cause, condition=condition)
        news.append(opened)
    news += of_rest(health.rest, health.key, Event.RESTS, now)
    if now - health.cleared_at < CLEARANCE_TOLD_SECONDS:
        news.append(News(key=health.key, event=Event.CLEARED, number=health.clearances))
    return news


def of_rest(rest: Rest, key: str, event: Event, now: float) -> list[News]:
    if not rest.is_on(now) or rest.is_hearsay:
        return []
    return [News(key=key, event=event, number=rest.number, seconds=rest.until - now, condition=rest.condition)]


def _is_for_want_of_a_connection(news: News) -> bool:
    return news.condition is Condition.CONNECTION or news.cause is Cause.UNREACHABLE


def believe(health: Health, news: News, now: float) -> None:
    """Take over what another process has seen, unless we see better.

    A machine whose own network is broken sees everybody down. So a success of ours in the last two seconds outweighs an
    opening, and one for want of a connection is never believed: whoever cannot connect learns that soon, at no cost.
    """
    if news.event is Event.CLEARED:
        health.believe_cleared(now)
    elif news.event is Event.ANSWERED:
        health.believe_answered(now - news.seconds)
    elif news.event is Event.RESTS:
        health.rest.believe(now, news.seconds, news.condition)
    elif now - health.succeeded_at >= TRUSTS_OWN_EYES_SECONDS and not _is_for_want_of_a_connection(news):
        health.breaker.believe(now, news.seconds, news.cause, news.condition)
    health.alarm()
