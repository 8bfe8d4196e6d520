"""A provider's model -> an Upstream, or why there is none."""

from providers import wire
from providers.addresses import endpoint_url
from providers.models import ProviderModel, objection_to_headers
from routing.table import Upstream


def why_disabled(model: ProviderModel) -> str | None:
    """Why this model gets no requests, or None."""
    if not model.provider.enabled:
        return f"the provider “{model.provider}” is disabled"
    return None if model.enabled else f"the model “{model}” is disabled"


def why_malformed(model: ProviderModel) -> str | None:
    """Why what the database holds of this model and its provider cannot be used, or None. Their own rules let none in."""
    if objection_to_headers(model.provider.extra_headers):
        return f"the extra headers of the provider “{model.provider}” cannot be sent; save it anew"
    return None if isinstance(model.api_types, list) else f"the API types of “{model}” are no list; save it anew"


def upstream(model: ProviderModel, *, key: str, endpoint: str) -> Upstream:
    """What it takes to call `model`, at its provider's addresses or at an `endpoint` of its own. Raises ValueError."""
    provider = model.provider
    return Upstream(
        key=key,
        model_id=model.pk or 0,
        provider=provider.name,
        model=model.name,
        urls=_urls(model, endpoint),
        auth=provider.auth,
        auth_header=provider.auth_header,
        credential=provider.credential,
        headers=provider.extra_headers,
        asks_stream_usage=provider.asks_stream_usage,
        connect_timeout_seconds=provider.connect_timeout_seconds,
        first_byte_timeout_seconds=provider.first_byte_timeout_seconds,
        idle_timeout_seconds=provider.idle_timeout_seconds,
        semantic_idle_timeout_seconds=provider.semantic_idle_timeout_seconds,
        answer_timeout_seconds=provider.answer_timeout_seconds,
        max_in_flight=model.max_in_flight,
        provider_max_in_flight=provider.max_in_flight,
        probe_every_seconds=provider.probe_every_seconds,
        context_length=model.context_length,
        input_usd_per_mtok=_text(model.input_usd_per_mtok),
        output_usd_per_mtok=_text(model.output_usd_per_mtok),
        cached_input_usd_per_mtok=_text(model.cached_input_usd_per_mtok),
    )


def _urls(model: ProviderModel, endpoint: str) -> dict[str, str]:
    """API type -> address, for those that both the provider and the model speak."""
    return {
        address.api_type: endpoint_url(endpoint or address.base_url, wire.FORMATS[address.api_type].path)
        for address in model.provider.endpoints.all()
        if address.api_type in (model.api_types or wire.FORMATS) and address.api_type in wire.FORMATS
    }


def _text(number: object) -> str | None:
    return None if number is None else str(number)
