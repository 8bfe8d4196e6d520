"""What an upstream's health says at a moment: may it be chosen, else why not, and for how long."""

from enum import StrEnum

import msgspec

from providers.errors import Condition


class Cause(StrEnum):
    """What took an upstream out."""

    FAILURES = "failures"
    STALLS = "stalls"
    RATIO = "ratio"
    HARD = "hard"
    UNREACHABLE = "unreachable"
    """Nobody takes a connection there, and nothing has succeeded lately."""
    REST = "rest"
    FULL = "full"
    OUTAGE = "outage"
    """Nearly everything fails, and there is nobody else."""


OUTLIER_CAUSES = frozenset({Cause.FAILURES, Cause.STALLS, Cause.RATIO})


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """May it be chosen now."""

    ok: bool = True
    share: float = 1.0
    """Of its weight: less than 1 while it starts slowly."""
    condition: Condition | None = None
    """Of what took it out, for the conditions of other targets."""
    reason: str = ""
    """For people: “rate limited, 12 s left”."""
    until: float | None = None
    """When it may be asked again, if that is known."""
    is_probe: bool = False
    """Whoever begins a request here now makes the probe. It goes before all others, where it can still fail over."""
    cause: Cause | None = None

    @property
    def is_well(self) -> bool:
        """It may be chosen, with all of its weight, by anybody."""
        return self.ok and self.share >= 1 and not self.is_probe

    @property
    def is_outlier(self) -> bool:
        """Out because it does worse than others would: an opinion of ours, which must not empty an alias."""
        return not self.ok and self.cause in OUTLIER_CAUSES


WELL = Standing()
"""Of everybody who is well: one value, so that asking costs no memory."""


def with_time_left(text: str, seconds: float) -> str:
    return f"{text}, {max(seconds, 0):.0f} s left"
