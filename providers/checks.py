"""What `manage.py check --deploy` says of providers. It reads the database, so it keeps quiet before the first migrate."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core import checks
from django.db import DatabaseError
from django.db.models import Count, Q

from providers import secrets

KEPT_IN_CLEAR = (
    "Extra headers are kept in clear, in exports and revisions too. A key belongs into the credential, which may have a "
    "header of its own."
)


def objection_to_credential(auth: str, stored: str) -> str | None:
    """Why a provider's credential cannot be used in this process, or None. Never holds the secret."""
    # Imported late: checks are registered before the models are there.
    from providers.models import vault

    try:
        secrets.needed(auth, stored, vault(), os.environ)
    except secrets.CredentialError as exc:
        return str(exc)
    return None


def exposed_headers(headers: object) -> list[str]:
    """The names of extra headers that may carry a key. Nothing of what was written past the rules, which is not sent either."""
    return [name for name in headers if secrets.may_carry_a_key(str(name))] if isinstance(headers, Mapping) else []


@checks.register("providers", deploy=True)
def check_providers(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterable[checks.CheckMessage]:  # Any: Django's
    try:
        return list(_warnings())
    except DatabaseError:
        return []


def _warnings() -> Iterator[checks.CheckMessage]:
    from providers.models import Provider

    reachable = Q(endpoints__isnull=False)
    for provider in Provider.objects.filter(enabled=True).annotate(addresses=Count("endpoints", filter=reachable)):
        needs_credential = provider.auth != Provider.Auth.NONE
        if objection := objection_to_credential(provider.auth, provider.credential):
            yield checks.Warning(
                f"The provider “{provider}” cannot be called: {objection}",
                hint="Set the variable, or enter another credential under Providers › Providers.",
                id="providers.W001",
            )
        if needs_credential and not provider.credential:
            yield checks.Warning(
                f"The provider “{provider}” has no credential.",
                hint="Enter one under Providers › Providers, or set its authentication to “none”.",
                id="providers.W002",
            )
        if exposed := exposed_headers(provider.extra_headers):
            yield checks.Warning(
                f"Extra headers of the provider “{provider}” may carry a key: {', '.join(exposed)}.",
                hint=KEPT_IN_CLEAR,
                id="providers.W004",
            )
        if not provider.addresses:
            yield checks.Warning(
                f"The provider “{provider}” has no address, so no request can go there.",
                hint="Add an address for each API type under Providers › Providers.",
                id="providers.W003",
            )
