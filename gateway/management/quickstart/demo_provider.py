"""The demo provider in the database, and where it stands this time."""

from decimal import Decimal
from urllib.parse import urlsplit

from gateway.management.quickstart.demo_server import HOST, PATH
from providers.models import Endpoint, Provider, ProviderModel

NAME = "demo"
API_TYPES = ("chat", "completions", "embeddings")
MODELS = {
    # Made-up prices, so that the dashboard has costs to show: dollars per million tokens in and out.
    "small": (["chat", "completions"], Decimal("0.15"), Decimal("0.60")),
    "medium": (["chat", "completions"], Decimal("1"), Decimal("4")),
    "large": (["chat", "completions"], Decimal("2.50"), Decimal("10")),
    "embed": (["embeddings"], Decimal("0.02"), Decimal("0")),
}


def add(base_url: str) -> None:
    """Raises ValidationError, for instance when PLEXUS_PRIVATE_UPSTREAMS does not allow loopback."""
    provider = Provider(name=NAME, display_name="Demo (built in)", auth=Provider.Auth.NONE)
    provider.full_clean()
    provider.save()
    for api_type in API_TYPES:
        endpoint = Endpoint(provider=provider, api_type=api_type, base_url=base_url)
        endpoint.full_clean()
        endpoint.save()
    for name, (api_types, input_price, output_price) in MODELS.items():
        model = ProviderModel(
            provider=provider,
            name=name,
            api_types=api_types,
            context_length=128_000,
            input_usd_per_mtok=input_price,
            output_usd_per_mtok=output_price,
        )
        model.full_clean()
        model.save()


def endpoints() -> list[Endpoint]:
    """Those that lead to the demo upstream. An address that somebody changed to lead elsewhere is none of ours."""
    return [endpoint for endpoint in Endpoint.objects.select_related("provider") if _leads_to_demo(endpoint.base_url)]


def last_port(leading_to_demo: list[Endpoint]) -> int | None:
    """The port it had the last time; None when it never had one, or nothing leads to it any more."""
    return next((urlsplit(endpoint.base_url).port for endpoint in leading_to_demo), None)


def move(leading_to_demo: list[Endpoint], base_url: str) -> bool:
    """Let the endpoints lead to where the demo stands now. True when one had to change. Raises ValidationError."""
    elsewhere = [endpoint for endpoint in leading_to_demo if endpoint.base_url != base_url]
    for endpoint in elsewhere:
        endpoint.base_url = base_url
        endpoint.full_clean()
        endpoint.save()
    return bool(elsewhere)


def _leads_to_demo(base_url: str) -> bool:
    try:
        split = urlsplit(base_url)
        return split.hostname == HOST and split.port is not None and split.path.startswith(PATH)
    except ValueError:
        return False
