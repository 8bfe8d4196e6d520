"""What `manage.py check --deploy` says of client keys. It reads the database, so it keeps quiet before the first migrate."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core import checks
from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone


@checks.register("gateway", deploy=True)
def check_client_keys(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> Iterable[checks.CheckMessage]:  # Any: Django's
    try:
        return list(_warnings())
    except DatabaseError:
        return []


def _warnings() -> Iterator[checks.CheckMessage]:
    from gateway.models import ClientKey

    valid = ClientKey.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()), enabled=True)
    if not valid.exists():
        yield checks.Warning(
            "No client key is valid, so every request gets 401 or 403.",
            hint="Add one under Access › Client keys, or run `manage.py create_key NAME`.",
            id="gateway.W001",
        )
    opens_nothing = valid.filter(access=ClientKey.Access.LISTED, allowed_aliases=None, allowed_models=None)
    for key in opens_nothing:
        yield checks.Warning(
            f"The client key “{key}” may use nothing.",
            hint="List aliases or models for it under Access › Client keys, or let it use every model.",
            id="gateway.W002",
        )
