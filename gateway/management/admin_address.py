"""Whether the admin opens at the address that a command prints."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def refusal_at(url: str) -> str | None:
    """What to say of a URL whose host PLEXUS_ALLOWED_HOSTS does not list; None where the admin opens there."""
    host, _ = split_domain_port(urlsplit(url).netloc)
    if validate_host(host, settings.ALLOWED_HOSTS):
        return None
    listed = ", ".join(settings.ALLOWED_HOSTS) or "nothing"
    return f"The admin does not open under {host}: PLEXUS_ALLOWED_HOSTS lists {listed}. Add {host} to open it there."
