"""Whether an upstream can take a request at all, before anybody asks in what order."""

from routing.table import Frozen, Upstream


class Needs(Frozen, frozen=True, kw_only=True):
    """What one request requires of an upstream."""

    api_type: str


def objection(upstream: Upstream, needs: Needs) -> str | None:
    """Why this upstream cannot take the request, or None."""
    if needs.api_type in upstream.urls:
        return None
    if not upstream.urls:
        return "its provider has no address: add one there"
    return f"does not speak {needs.api_type}, only {', '.join(upstream.urls)}"
