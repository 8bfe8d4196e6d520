"""Plexus's YAML -> a Document."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from gateway.interchange.document import (
    ABSENT,
    Document,
    EndpointEntry,
    ModelEntry,
    ProviderEntry,
    Reading,
    Said,
)
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.plexus import names
from gateway.interchange.plexus import vocabulary as words
from gateway.interchange.plexus.aliases import read_alias, read_timeouts
from gateway.interchange.reading import read_yaml
from gateway.interchange.slips import refusal
from gateway.interchange.yaml_nodes import Items, Keys, Node, Scalar
from providers import extra_headers, secrets
from providers.wire import FORMATS

_AT_THE_TOP: Final = ("providers", "models", "patterns", "routes")
_NOTHING_HERE: Final = "There is neither `providers` nor `models` here, so there is nothing to import."


def read(text: str) -> Reading:
    """Understand the text as far as it goes. Never raises: a refusal is a finding."""
    return read_yaml(text, _document)


def _document(root: Node | None, findings: list[Finding]) -> Document:
    match root:
        case Items():
            # The snippets of Plexus's own documentation are often the inside of `models:` alone.
            return _read_top(_wrapped(root, findings), findings, is_whole=False)
        case Keys():
            top = Fields(root, "", findings)
            return _read_top(top, findings, is_whole="providers" in top and "models" in top)
    findings.append(Finding(kind=Kind.REFUSED, message=_NOTHING_HERE))
    return Document(is_whole=False)


def _wrapped(root: Items, findings: list[Finding]) -> Fields:
    """A bare list, as what it is a list of."""
    are_providers = any(isinstance(node, Keys) and "alias" not in node.nodes for node in root.nodes[:1])
    key = "providers" if are_providers else "models"
    return Fields(Keys(nodes={key: root}, lines={key: root.line}, line=root.line), "", findings)


def _read_top(top: Fields, findings: list[Finding], *, is_whole: bool) -> Document:
    if not any(key in top for key in _AT_THE_TOP):
        findings.append(Finding(kind=Kind.REFUSED, message=_NOTHING_HERE))
    top.ignore("logging", "What a request was and who served it is in the history; nothing needs to be turned on.")
    providers = tuple(_provider(fields) for fields in top.mappings("providers", "providers"))
    aliases = tuple(read_alias(fields) for fields in top.mappings("models", "models"))
    patterns, routes = tuple(names.patterns(top)), tuple(names.routes(top))
    top.ignore_the_rest(_AT_THE_TOP)
    return Document(providers=providers, aliases=aliases, patterns=patterns, routes=routes, is_whole=is_whole)


# Providers ---------------------------------------------------------------------------------------


def _provider(fields: Fields) -> ProviderEntry:
    entry = ProviderEntry(
        name=fields.required_text("name", "name"),
        display_name=fields.text("displayName", "display_name"),
        enabled=fields.flag("enabled", "enabled"),
        **_headers(fields),
        asks_stream_usage=fields.flag("asksStreamUsage", "asks_stream_usage"),
        takes_any_model=fields.flag("takesAnyModel", "takes_any_model"),
        max_in_flight=fields.whole_number("maxInFlight", "max_in_flight"),
        probe_every_seconds=fields.number("probeEverySeconds", "probe_every_seconds"),
        endpoints=_endpoints(fields),
        models=tuple(_models(fields)),
        aliases=names.provider_aliases(fields),
    )
    entry = replace(_with_auth(entry, fields), **read_timeouts(fields, words.TIMEOUTS))
    fields.refuse(words.LITERAL_KEY, words.NO_KEYS_IN_FILES)
    fields.ignore_the_rest(words.PROVIDER_KEYS)
    return replace(entry, where=fields.where)


def _headers(fields: Fields) -> dict[str, Any]:  # Any: keyword arguments of an entry
    """Values, `$NAME` among them, and the names of those that say `{value: kept}`."""
    headers = fields.inner("extraHeaders", "extra_headers")
    if headers is None:
        return {}
    values: dict[str, str] = {}
    kept: list[str] = []
    for name in headers.names():
        if isinstance(headers.node(name), Keys):
            kept += _kept_header(headers, name)
        elif (value := headers.text(name, name)) is not ABSENT:
            values[name] = value
            if secrets.may_carry_a_key(name) and not extra_headers.stands_in_clear(name, value):
                headers.note(Kind.WARNING, name, words.VALUE_IN_A_FILE)
    return {"extra_headers": values, "kept_headers": sorted(kept) or ABSENT}


def _kept_header(headers: Fields, name: str) -> list[str]:
    inner = headers.inner(name)
    assert inner is not None  # it is a mapping
    inner.refuse_if_missing(words.HEADER_VALUE)
    said = inner.text(words.HEADER_VALUE, "")
    if said not in (ABSENT, words.CREDENTIAL_KEPT):
        # Without what it says, which may be a secret.
        inner.note(Kind.REFUSED, words.HEADER_VALUE, words.ONLY_KEPT)
    inner.ignore_the_rest([words.HEADER_VALUE])
    return [name]


def _endpoints(fields: Fields) -> Said[tuple[EndpointEntry, ...]]:
    """Every address whose API type the provider speaks: those of `apiTypes`, or all when it does not say."""
    urls = fields.inner("baseUrls", "endpoints")
    api_types = fields.texts("apiTypes", "api_types")
    if urls is None:
        if api_types is not ABSENT:
            fields.note(Kind.IGNORED, "apiTypes", "An API type needs an address: add `baseUrls`.")
        return ABSENT
    if api_types is not ABSENT:
        _note_missing_addresses(fields, urls, api_types)
    return tuple(_each_endpoint(urls, api_types))


def _each_endpoint(urls: Fields, api_types: Said[list[str]]) -> Iterator[EndpointEntry]:
    for api_type in urls.names():
        url = urls.required_text(api_type, api_type)
        place = urls.place(api_type)
        if api_type not in FORMATS:
            urls.note(Kind.IGNORED, api_type, f"This API is not spoken here; known are {', '.join(FORMATS)}.")
        elif api_types is not ABSENT and api_type not in api_types:
            urls.note(Kind.IGNORED, api_type, f"`apiTypes` does not list {api_type}.")
        else:
            yield EndpointEntry(api_type=api_type, base_url=url, where={"": place})


def _note_missing_addresses(fields: Fields, urls: Fields, api_types: list[str]) -> None:
    for api_type in api_types:
        if api_type not in urls:
            fields.note(Kind.IGNORED, "apiTypes", f"{api_type} has no address: add `baseUrls.{api_type}`.")


def _with_auth(entry: ProviderEntry, fields: Fields) -> ProviderEntry:
    auth = fields.inner("auth", "auth")
    if auth is None:
        return entry
    credential = _credential(auth)
    entry = replace(
        entry,
        auth=auth.choice("type", "auth", words.AUTH_TYPES),
        auth_header=auth.text("header", "auth_header"),
        credential=credential,
        credential_is_kept="credential" in auth and credential is ABSENT,
    )
    auth.ignore_the_rest(words.AUTH_KEYS)
    fields.where |= {name: place for name, place in auth.where.items() if name}
    return entry


def _credential(auth: Fields) -> Said[str]:
    """`$NAME`. A key itself is never read from a file, and never repeated in what we say about it."""
    kept = auth.text("credential", "credential")
    if kept not in (ABSENT, words.CREDENTIAL_KEPT):
        auth.note(Kind.REFUSED, "credential", words.NO_KEYS_IN_FILES)
    auth.refuse(words.LITERAL_KEY, words.NO_KEYS_IN_FILES)
    name = auth.text("apiKeyEnv", "credential")
    if name == "":
        auth.note(Kind.IGNORED, "apiKeyEnv", "It names no variable. A stored key is removed in the admin.")
    if name in (ABSENT, ""):
        return ABSENT
    return f"${name.removeprefix('$').removeprefix('{').removesuffix('}')}"


def _models(fields: Fields) -> Iterator[ModelEntry]:
    for path, node in fields.items("models", "models"):
        place = Place(path=path, line=node.line)
        match node:
            case Scalar(value=str() as name):
                yield ModelEntry(name=name, where={"": place})
            case Keys():
                yield _model(Fields(node, path, fields.findings))
            case _:
                fields.findings.append(refusal(place, "text", node))


def _model(fields: Fields) -> ModelEntry:
    price = fields.inner("price")
    price_where = price.where if price is not None else {}
    entry = ModelEntry(
        name=fields.required_text("name", "name"),
        enabled=fields.flag("enabled", "enabled"),
        api_types=fields.texts("apiTypes", "api_types"),
        context_length=fields.whole_number("contextLength", "context_length"),
        input_usd_per_mtok=_usd(price, "inputUsdPerMtok"),
        output_usd_per_mtok=_usd(price, "outputUsdPerMtok"),
        cached_input_usd_per_mtok=_usd(price, "cachedInputUsdPerMtok"),
        max_in_flight=fields.whole_number("maxInFlight", "max_in_flight"),
    )
    if price is not None:
        price.ignore_the_rest(words.PRICES)
    fields.ignore_the_rest(words.MODEL_KEYS)
    return replace(entry, where=fields.where | {name: place for name, place in price_where.items() if name})


def _usd(price: Fields | None, key: str) -> Said[Decimal | None]:
    """A price is said as a whole: what one does not mention is empty."""
    if price is None:
        return ABSENT
    number = price.number(key, words.PRICES[key])
    # By way of its shortest text: 0.15 is meant, not the nearest binary fraction.
    return None if number is ABSENT or number is None else Decimal(str(number))
