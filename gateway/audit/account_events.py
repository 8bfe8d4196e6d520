"""What an account became: which of its fields tell something, in words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.audit.events import Event

TELLING: Final = ("username", "is_active", "is_staff", "is_superuser", "email", "first_name", "last_name")


def events_of(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterable[tuple[Event, dict[str, str]]]:
    """The events of a saved user, with their details. `old`: None for a new one. Any: the values of its fields."""
    if old is None:
        yield Event.USER_MADE, {field: str(new[field]) for field in TELLING if new[field] not in ("", None)}
        return
    changed = {field: f"{old[field]} → {new[field]}" for field in TELLING if old[field] != new[field]}
    if changed:
        yield Event.USER_CHANGED, changed
    if old["password"] != new["password"]:
        yield Event.PASSWORD_CHANGED, {}
