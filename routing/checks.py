"""What `manage.py check --deploy` says of aliases, and the badge of the admin's list. Quiet before the first migrate."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import DatabaseError

if TYPE_CHECKING:
    from routing.models import Alias, Target

WHAT_IT_READS = (
    "targets__model__provider",
    "targets__to_alias__targets__model__provider",
)
"""For prefetch_related, before many aliases are asked."""


def why_unserved(alias: "Alias") -> str | None:
    """Why nobody can take a request for this alias, as the end of a sentence about it; None when somebody can."""
    targets = list(alias.targets.all())
    if not targets:
        return "has no target"
    reasons = [_why_left_out(target) for target in targets]
    if None in reasons:
        return None
    if not any(target.enabled for target in targets):
        return "has no enabled target"
    models = [target.model for target in targets if target.enabled]
    if all(model is not None and not model.provider.enabled for model in models):
        return "has only disabled providers"
    return "has nobody to serve it: " + next(
        reason for target, reason in zip(targets, reasons, strict=True) if target.enabled and reason
    )


def _why_left_out(target: "Target") -> str | None:
    from routing.store import why_disabled

    if not target.enabled:
        return "the target is disabled"
    if target.to_alias is not None:
        if not target.to_alias.enabled:
            return f"the alias “{target.to_alias}” is disabled"
        # No circles among aliases, so this ends.
        deeper = why_unserved(target.to_alias)
        return f"the alias “{target.to_alias}” {deeper}" if deeper else None
    return why_disabled(target.model) if target.model is not None else "it points at nothing"


@checks.register("routing", deploy=True)
def check_aliases(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterable[checks.CheckMessage]:  # Any: Django's
    try:
        return list(_warnings())
    except DatabaseError:
        return []


def _warnings() -> Iterator[checks.CheckMessage]:
    from routing.models import Alias

    for alias in Alias.objects.filter(enabled=True).prefetch_related(*WHAT_IT_READS):
        if reason := why_unserved(alias):
            yield checks.Warning(
                f"The alias “{alias}” {reason}. Requests for it get 503.",
                hint="Enable a target, its model and its provider, or disable the alias under Routing › Aliases.",
                id="routing.W001",
            )
