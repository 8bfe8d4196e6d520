"""The input for an address. One that was refused comes back without the parts that may hold a secret."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from providers.admin.unfolded import TextWidget


class AddressInput(TextWidget):
    """`https://user:secret@host/v1?key=secret` comes back as `https://host/v1`: neither part may be in an address."""

    def format_value(self, value: Any) -> str | None:  # Any: Django's own signature
        shown = super().format_value(value)
        return without_secrets(shown) if isinstance(shown, str) else None


def without_secrets(url: str) -> str:
    """Without user, password, query and fragment. Empty where it cannot be told where these are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
