"""What may have failed before a target is asked: the conditions that a fallback can have."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

ANY: Final = "any"
TWO_FAILED: Final = "primary_and_first_fallback_failed"

LABELS: Final[Mapping[str, str]] = {
    ANY: "anything",
    "timeout": "too late",
    "connection": "no connection",
    "rate_limited": "rate limited",
    "quota_exceeded": "quota used up",
    "server_error": "error of the server",
    "context_length": "prompt too long",
    "content_filter": "content filter",
    "auth": "credential refused",
    "model_not_found": "model unknown there",
    TWO_FAILED: "two have failed",
}
"""Every condition of a target, and how pages show it."""

ALSO_SERVER_ERRORS: Final = frozenset({"overloaded", "protocol", "empty"})
"""Failures that have names of their own, and that whoever says `server_error` means too."""


def holds(wanted: Collection[str], failed: Sequence[str]) -> bool:
    """Whether a target with these conditions may be asked. `failed`: the condition of each target that failed before, or that
    is left alone at the moment because it failed."""
    if not wanted:
        return True
    if not failed:
        return False
    if ANY in wanted or (TWO_FAILED in wanted and len(failed) >= 2):
        return True
    return any(names(wanted, each) for each in failed)


def names(wanted: Collection[str], failed: str) -> bool:
    """Whether a target with these conditions says by name that it is for this failure."""
    return failed in wanted or ("server_error" in wanted and failed in ALSO_SERVER_ERRORS)


def choices() -> list[tuple[str, str]]:
    """For a form."""
    return list(LABELS.items())
