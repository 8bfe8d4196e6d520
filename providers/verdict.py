"""What a failure means: who may take the request instead, and what it does to the health of the upstream."""

from enum import StrEnum

import msgspec

from providers.errors import Condition, Fault


class Harm(StrEnum):
    """What a failure does to the health of the upstream."""

    NONE = "none"
    FAILURE = "failure"
    STALL = "stall"
    REST = "rest"
    HARD = "hard"


class Scope(StrEnum):
    """Whom the harm meets."""

    UPSTREAM = "upstream"
    CREDENTIAL = "credential"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about one failure."""

    condition: Condition
    fault: Fault
    may_fail_over: bool
    again: int = 0
    harm: Harm = Harm.NONE
    scope: Scope = Scope.UPSTREAM
    rest_seconds: float | None = None
    grows: bool = False
    rest_cap_seconds: float | None = None
    shows_life: bool = False
    should_retry: bool | None = None
