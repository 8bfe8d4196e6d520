"""What `manage.py check --deploy` says of aliases, and the badge of the admin's list. Quiet before the first migrate."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import DatabaseError

from providers.checks import objection_to_secrets

if TYPE_CHECKING:
    from providers.models import ProviderModel
    from routing.models import Alias, Target

WHAT_IT_READS = (
    "targets__model__provider",
    "targets__to_alias__targets__model__provider",
)
"""For prefetch_related, before many aliases are asked."""


Answers = dict[int, str | None]
"""Alias id -> what `why_unserved` says of it: many ways may lead to one alias, which is looked at once."""


def why_unserved(alias: "Alias", known: Answers | None = None) -> str | None:
    """Why nobody can take a request for this alias, as the end of a sentence about it; None when somebody can.

    `known`: what was said of others before, when many are asked.
    """
    known = {} if known is None else known
    if alias.pk not in known:
        known[alias.pk] = "leads back to itself"  # ends the walk should the database hold a circle after all
        known[alias.pk] = _look_for_somebody(alias, known)
    return known[alias.pk]


def _look_for_somebody(alias: "Alias", known: Answers) -> str | None:
    targets = list(alias.targets.all())
    if not targets:
        return "has no target"
    reasons = [_why_left_out(target, known) for target in targets]
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


def _why_left_out(target: "Target", known: Answers) -> str | None:
    if not target.enabled:
        return "the target is disabled"
    if target.to_alias is not None:
        if not target.to_alias.enabled:
            return f"the alias “{target.to_alias}” is disabled"
        deeper = why_unserved(target.to_alias, known)
        return f"the alias “{target.to_alias}” {deeper}" if deeper else None
    return _why_uncallable(target.model) if target.model is not None else "it points at nothing"


def _why_uncallable(model: "ProviderModel") -> str | None:
    """Disabled, or without a credential that this process can read: as “Test route” says it."""
    from routing.store import why_disabled

    provider = model.provider
    if reason := why_disabled(model):
        return reason
    if objection := objection_to_secrets(provider):
        return f"the provider “{provider}” cannot be called: {objection.rstrip('.')}"
    return None


def leads_to_no_credential(alias: "Alias") -> bool:
    """Whether everybody who would serve it is called without the key that their authentication needs, and so refuses, as a rule."""
    providers = [model.provider for model in _who_would_serve(alias, set())]
    return bool(providers) and all(provider.lacks_credential for provider in providers)


def _who_would_serve(alias: "Alias", seen: set[int]) -> Iterator["ProviderModel"]:
    if alias.pk in seen or not alias.enabled:
        return
    seen.add(alias.pk)
    for target in alias.targets.all():
        if target.enabled and target.to_alias is not None:
            yield from _who_would_serve(target.to_alias, seen)
        elif target.enabled and target.model is not None and _why_uncallable(target.model) is None:
            yield target.model


@checks.register("routing", deploy=True)
def check_aliases(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterable[checks.CheckMessage]:  # Any: Django's
    try:
        return list(_warnings())
    except DatabaseError:
        return []


def _warnings() -> Iterator[checks.CheckMessage]:
    from routing.models import Alias

    known: Answers = {}
    for alias in Alias.objects.filter(enabled=True).prefetch_related(*WHAT_IT_READS):
        if reason := why_unserved(alias, known):
            yield checks.Warning(
                f"The alias “{alias}” {reason}. Requests for it get 503.",
                hint="Enable a target, its model and its provider, and see that the provider's credential can be read; "
                "or disable the alias under Routing › Aliases.",
                id="routing.W001",
            )
