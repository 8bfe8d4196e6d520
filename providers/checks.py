"""What `manage.py check --deploy` says of providers. It reads the database, so it keeps quiet before the first migrate."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import DatabaseError
from django.db.models import Count, Q

from providers import extra_headers, secrets
from providers.addresses import remark_on_url

if TYPE_CHECKING:
    from providers.models import Provider


def objection_to_credential(auth: str, stored: str) -> str | None:
    """Why a provider's credential cannot be used in this process, or None. Never holds the secret."""
    # Imported late: checks are registered before the models are there.
    from providers.models import vault

    try:
        secrets.needed(auth, stored, vault(), os.environ)
    except secrets.CredentialError as exc:
        return str(exc)
    return None


def objection_to_secrets(provider: "Provider") -> str | None:
    """The same for all that the provider sends: its credential and its extra headers."""
    from providers.models import objection_to_headers, vault

    if objection := objection_to_credential(provider.auth, provider.credential):
        return objection
    if objection_to_headers(provider.extra_headers):
        return None  # written past the rules: those who read the table say so
    try:
        extra_headers.opened(provider.extra_headers, vault(), os.environ)
    except secrets.CredentialError as exc:
        return str(exc)
    return None


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
        if objection := objection_to_secrets(provider):
            yield checks.Warning(
                f"The provider “{provider}” cannot be called: {objection}",
                hint="Set the variable, or enter the credential or the header anew under Providers › Providers.",
                id="providers.W001",
            )
        if provider.lacks_credential:
            yield checks.Warning(
                f"The provider “{provider}” has no credential.",
                hint="Enter one under Providers › Providers, or set its authentication to “none”.",
                id="providers.W002",
            )
        if not provider.addresses:
            yield checks.Warning(
                f"The provider “{provider}” has no address, so no request can go there.",
                hint="Add an address for each API type under Providers › Providers.",
                id="providers.W003",
            )
        for remark in sorted(
            {one for endpoint in provider.endpoints.all() if (one := remark_on_url(endpoint.base_url))}
        ):
            yield checks.Warning(f"The provider “{provider}”: {remark}", id="providers.W004")
