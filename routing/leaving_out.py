"""Why a target gets no request, in words: one text for the history, one that a caller may know."""

from collections.abc import Sequence

from routing import conditions
from routing.health import Standing
from routing.table import LeftOut, Upstream


def unable(upstream: Upstream, why: str) -> LeftOut:
    """It does not do what the request needs."""
    told = f"{upstream.name} ({why})"
    return LeftOut(target=upstream.key, reason=why, for_callers=told, speaks=tuple(upstream.urls))


def unpayable(upstream: Upstream, why: str) -> LeftOut:
    """This process cannot call it; `why` may name variables and addresses of ours."""
    told = f"{upstream.name} (cannot be called as it is configured)"
    return LeftOut(target=upstream.key, reason=why, for_callers=told)


def unwell(upstream: Upstream, standing: Standing) -> LeftOut:
    """Its health is against it."""
    return LeftOut(target=upstream.key, reason=standing.reason, for_callers=f"{upstream.name} ({standing.reason})")


def not_named(key: str, name: str, wanted: Sequence[str], failed: str) -> LeftOut:
    """Nothing has happened that it waits for. `failed`: the failure that only those who name it may take over, if it was such a one."""
    reason = "only after: " + ", ".join(conditions.LABELS.get(each, each) for each in wanted)
    if not wanted:
        reason = f"does not say that it takes over after {failed.replace('_', ' ')}"
    return LeftOut(target=key, reason=reason, for_callers=f"{name} ({reason})")
