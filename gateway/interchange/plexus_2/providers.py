"""`providers`: a mapping of names, each with its addresses and models -> our providers."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

from gateway.interchange.clear_keys import headers_without_keys, reference, variable_for
from gateway.interchange.document import ABSENT, EndpointEntry, ModelEntry, ProviderEntry, Said, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.fitting_names import fitting_provider
from gateway.interchange.plexus_2 import vocabulary as words
from gateway.interchange.plexus_2.prices import read_prices
from gateway.interchange.slips import refusal
from gateway.interchange.yaml_nodes import Items, Keys, Node, Scalar


def read_providers(top: Fields) -> tuple[ProviderEntry, ...]:
    section = top.inner("providers")
    if section is None:
        return ()
    read = ((name, section.inner(name)) for name in section.names())
    return tuple(_provider(name, fields) for name, fields in read if fields is not None)


def _provider(slug: str, fields: Fields) -> ProviderEntry:
    name = fitting_provider(slug)
    if name != slug:
        fields.findings.append(
            Finding(kind=Kind.ADAPTED, place=fields.where[""], message=f"The provider is “{name}” here.")
        )
    signs_in = "oauth_provider" in fields
    endpoints = _endpoints(fields)
    only_messages = endpoints is not ABSENT and {one.api_type for one in endpoints} == {"messages"}
    discount = _discount(fields)
    entry = ProviderEntry(
        name=name,
        display_name=fields.text("display_name", "display_name"),
        enabled=fields.flag("enabled", "enabled"),
        auth="x-api-key" if only_messages else ABSENT,
        credential=_credential(name, fields),
        extra_headers=dict(headers_without_keys(fields, "headers")) if "headers" in fields else ABSENT,
        answer_timeout_seconds=_seconds(fields, "timeoutMs", "answer_timeout_seconds"),
        first_byte_timeout_seconds=_seconds(fields, "stallTtfbMs", "first_byte_timeout_seconds"),
        max_in_flight=fields.whole_number("maxConcurrency", "max_in_flight"),
        endpoints=endpoints,
        models=tuple(_models(fields, discount)),
    )
    if signs_in:
        fields.note(Kind.ADAPTED, "oauth_provider", "Signing in by OAuth is not spoken here: it is imported disabled.")
        fields.text("oauth_provider", "enabled")
        entry = replace(entry, enabled=False)
    fields.ignore_each(words.NOTHING_OF_A_PROVIDER)
    for key in [key for key in fields.names() if key.startswith(("gpu_", "oauth_"))]:
        fields.ignore(key, "Nothing is estimated from it here.")
    fields.ignore_the_rest(words.PROVIDER_KEYS)
    return replace(entry, where=fields.where)


def _credential(name: str, fields: Fields) -> Said[str]:
    key = fields.text("api_key", "credential")
    if key is ABSENT or not key.strip():
        return ABSENT
    return reference(fields, "api_key", key, variable_for(name))


def _seconds(fields: Fields, key: str, into: str) -> Said[float | None]:
    milliseconds = fields.number(key, into)
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else milliseconds


def _discount(fields: Fields) -> Decimal:
    """A share of the price, 0 to 1, that is not paid."""
    share = fields.number("discount", "discount")
    if share is ABSENT or not share:
        return Decimal(0)
    if not 0 <= share <= 1:
        fields.note(Kind.REFUSED, "discount", "Expected a share from 0 to 1.")
        return Decimal(0)
    message = "There are no discounts here: the prices that the file gives are lowered by it, and only they."
    fields.note(Kind.ADAPTED, "discount", message)
    return Decimal(str(share))


# Addresses ---------------------------------------------------------------------------------------


def _endpoints(fields: Fields) -> Said[tuple[EndpointEntry, ...]]:
    if "api_base_url" not in fields:
        return ABSENT
    if isinstance(fields.node("api_base_url"), Keys):
        addresses = fields.inner("api_base_url", "endpoints")
        return tuple(_each(addresses)) if addresses is not None else ABSENT
    url = fields.required_text("api_base_url", "endpoints")
    if url.startswith("oauth:"):
        fields.note(Kind.IGNORED, "api_base_url", "It is no address, but a way to sign in.")
        return ()
    api_type = _api_type_at(url)
    if api_type not in words.API_TYPES:
        fields.note(Kind.IGNORED, "api_base_url", words.NOT_SPOKEN)
        return ()
    place = fields.place("api_base_url")
    api_types = ["chat", "embeddings"] if api_type == "chat" and _embeds(fields) else [api_type]
    return tuple(EndpointEntry(api_type=one, base_url=url, where={"": place}) for one in api_types)


def _each(addresses: Fields) -> Iterator[EndpointEntry]:
    for api_type in addresses.names():
        url, place = addresses.required_text(api_type, api_type), addresses.place(api_type)
        if api_type not in words.API_TYPES:
            addresses.note(Kind.IGNORED, api_type, words.NOT_SPOKEN)
        else:
            yield EndpointEntry(api_type=words.API_TYPES[api_type], base_url=url, where={"": place})


def _api_type_at(url: str) -> str:
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        host = ""  # whoever judges addresses says what is wrong with it
    return next((api_type for part, api_type in words.HOSTS.items() if part in host), "chat")


def _embeds(fields: Fields) -> bool:
    """Whether one of the provider's models is for embeddings: they are asked for at the same address."""
    models = fields.node("models")
    kinds = (
        (model.nodes.get("type") for model in models.nodes.values() if isinstance(model, Keys))
        if isinstance(models, Keys)
        else ()
    )
    return any(isinstance(kind, Scalar) and kind.value == "embeddings" for kind in kinds)


# Models ------------------------------------------------------------------------------------------


def _models(fields: Fields, discount: Decimal) -> Iterator[ModelEntry]:
    node = fields.node("models")
    if isinstance(node, Items):
        for place, name in fields.placed_texts("models", "models"):
            yield ModelEntry(name=name, where={"": place})
        return
    for models, name in fields.each_below("models", "models"):
        yield from _model(name, models, discount)


def _model(name: str, models: Fields, discount: Decimal) -> Iterator[ModelEntry]:
    fields = models.inner(name)
    if fields is None:
        return
    kind = or_else(fields.text("type", "api_types"), "")
    if kind and kind not in words.KINDS:
        fields.note(Kind.ADAPTED, "type", f"“{kind}” is not spoken here: the model is imported disabled.")
    prices = read_prices(fields, discount)
    if kind and "access_via" in fields:
        fields.note(Kind.IGNORED, "type", "`access_via` beside it says which APIs the model does.")
    api_types = list(_access(fields)) or words.KINDS.get(kind, [])
    entry = ModelEntry(
        name=name,
        enabled=False if kind and kind not in words.KINDS else ABSENT,
        api_types=api_types or ABSENT,
        input_usd_per_mtok=prices.input,
        output_usd_per_mtok=prices.output,
        cached_input_usd_per_mtok=prices.cached,
        max_in_flight=fields.whole_number("maxConcurrency", "max_in_flight"),
    )
    fields.ignore_each(words.NOTHING_OF_A_MODEL)
    fields.ignore_the_rest(words.MODEL_KEYS)
    yield replace(entry, where=fields.where)


def _access(fields: Fields) -> Iterator[str]:
    """The API types that a model does: names, or mappings with a `type`."""
    for path, node in fields.items("access_via", "api_types"):
        place = Place(path=path, line=node.line)
        name = _named_type(node, path, fields)
        if name is None:
            fields.findings.append(refusal(place, "text", node))
        elif name in words.API_TYPES:
            yield words.API_TYPES[name]
        else:
            fields.findings.append(Finding(kind=Kind.IGNORED, place=place, message=words.NOT_SPOKEN))


def _named_type(node: Node, path: str, fields: Fields) -> str | None:
    match node:
        case Scalar(value=str() as name):
            return name
        case Keys():
            inner = Fields(node, path, fields.findings)
            inner.ignore("subtype", "An API has no subtypes here.")
            name = inner.required_text("type", "api_types")
            inner.ignore_the_rest(("type",))
            return name
    return None
