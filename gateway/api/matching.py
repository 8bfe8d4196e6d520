"""ETag and If-Match: whoever changes something may say which state it was that they saw."""

from collections.abc import Callable, Sequence

from rest_framework.request import Request

from gateway.api.problems import Stale, Told

ANY = "*"


def etag_of(stamp: str) -> str:
    return f'"{stamp}"'


def stamps_in(header: str) -> list[str]:
    """The stamps of an If-Match or If-None-Match. Weak ones are none: two states that only look alike are two."""
    parts = (part.strip() for part in header.split(","))
    return [ANY if part == ANY else part.strip('"') for part in parts if part == ANY or part.startswith('"')]


def check_match(request: Request, stamp: str, changes_since: Callable[[str], Sequence[Told]]) -> None:
    """Raises Stale, unless If-Match names the present state, any, or is not there.

    `changes_since`: what has been changed since a stamp, for whoever comes too late.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return
    seen = stamps_in(header)
    if ANY not in seen and stamp not in seen:
        raise Stale(changes_since(seen[0]) if seen else [])


def is_unchanged(request: Request, stamp: str) -> bool:
    """Whether the reader has this state already."""
    seen = stamps_in(request.headers.get("If-None-Match", "").replace("W/", ""))
    return ANY in seen or stamp in seen
