"""What `manage.py check` says of the environment, and with `--deploy` of client keys.

The latter reads the database, so it keeps quiet before the first migrate.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

ENVIRONMENT = "environment"
"""The tag of what needs nothing but the settings: `quickstart` has it said before it begins."""


@checks.register(ENVIRONMENT)
def check_variables(app_configs: Sequence[Any] | None, **kwargs: Any) -> Iterable[checks.CheckMessage]:  # Any: Django's
    for name, meant in settings.UNKNOWN_VARIABLES.items():
        yield checks.Warning(
            f"{name} is no setting; did you mean {meant}?" if meant else f"{name} is no setting.",
            hint="docs/settings.md lists all settings. Nothing reads this one: correct its name, or take it out.",
            id="gateway.W003",
        )


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
