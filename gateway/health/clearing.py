"""An operator says that upstreams are well: this process forgets at once, the others within a second."""

import asyncio
from collections.abc import Iterable

from gateway import runtime
from gateway.errors import NotReady
from gateway.health.letters import Sheet, Word
from gateway.health.store import new_teller, post_of_settings
from routing.health.news import Event, News

PATIENCE_SECONDS = 5.0


def clear(upstream_keys: Iterable[str]) -> None:
    """Blocks for a moment; call it from a thread that is not the event loop's. Raises TimeoutError."""
    keys = list(upstream_keys)
    try:
        present = runtime.current()
    except NotReady:
        _tell(keys)
    else:
        asyncio.run_coroutine_threadsafe(present.sharing.clear(keys), present.loop).result(PATIENCE_SECONDS)


def _tell(upstream_keys: list[str]) -> None:
    """From a process that serves no gateway: a letter of its own, which lies long enough for all to read it."""
    news = [News(key=key, event=Event.CLEARED, number=1) for key in upstream_keys]
    post_of_settings().lay(new_teller("admin"), Word(news=news), None)


def serves() -> bool:
    """Whether this process serves a gateway, and so has a health of its own."""
    try:
        runtime.current()
    except NotReady:
        return False
    return True


def shown_here() -> Sheet:
    """What this process shows; nothing where it serves no gateway."""
    try:
        return runtime.current().sharing.sheet
    except NotReady:
        return Sheet()


def shown_elsewhere() -> list[Sheet]:
    """What all other processes show. Blocks for 0.2 s at most; nothing where nobody answers."""
    try:
        teller = runtime.current().sharing.teller
    except NotReady:
        teller = ""
    return list((post_of_settings().sheets(but_of=teller) or {}).values())
