"""How each upstream of the table stands, as all processes see it: for the admin's page and the API."""

from gateway.health.clearing import serves, shown_elsewhere, shown_here
from gateway.health.overview import Overview, overview
from routing.store import TABLE


def seen_now(provider: str) -> Overview:
    """By this process and all others; of one provider, or of all."""
    return overview(configured(), shown_here(), shown_elsewhere(), provider)


def configured() -> list[str]:
    """The keys of all upstreams that may be asked."""
    if not serves():
        TABLE.catch_up()  # nobody else in this process keeps the table up to date
    return [upstream.key for upstream in TABLE.current.upstreams]
