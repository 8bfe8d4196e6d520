"""`model_list`: a list of deployments, each with the way to reach it -> our providers, and who stands behind each name.

Deployments of one provider with the same key, address and headers are one provider here. Another key or address makes
another provider: `openai`, then `openai-2`.
"""

from dataclasses import dataclass, field, replace

from gateway.interchange.clear_keys import headers_without_keys, reference, referred_variable, variable_for
from gateway.interchange.document import ABSENT, EndpointEntry, ModelEntry, ProviderEntry, Said, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind, Place
from gateway.interchange.found_providers import FoundProviders
from gateway.interchange.known_addresses import AZURE_HEADER, AZURE_PATH, api_types_of
from gateway.interchange.litellm import nothing
from gateway.interchange.litellm import vocabulary as words
from gateway.interchange.litellm.facts import ModelFacts, read_facts, read_seconds
from routing.wildcards import WILDCARD

_LONGEST_ANSWER = 3600.0
_LONGEST_WAIT = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One entry of the list, as far as it concerns the name that it stands behind."""

    group: str
    provider: str
    model: str
    """The provider's name of it; may hold `*`."""
    shares: tuple[float | None, float | None, float | None]
    """weight, rpm and tpm: the first that anybody of the group has is what they are chosen by."""
    order: int | None
    answer_timeout_seconds: float | None
    first_byte_timeout_seconds: float | None
    place: Place
    """Of the entry."""
    name_place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a model is reached: what makes two deployments those of one provider."""

    kind: str
    base: str
    key: str = field(repr=False)
    """As the file has it: a reference, or a key itself, which goes no further."""
    headers: tuple[tuple[str, str], ...]


def read_deployments(top: Fields) -> tuple[FoundProviders, list[Deployment]]:
    found = FoundProviders()
    read = [_deployment(fields, found) for fields in top.mappings(words.MODELS)]
    return found, [one for one in read if one is not None]


def _deployment(fields: Fields, found: FoundProviders) -> Deployment | None:
    group = fields.required_text("model_name", "name")
    params = fields.inner(words.PARAMS)
    if params is None:
        fields.refuse_if_missing(words.PARAMS)
        return None
    kind, model = _whose(params)
    facts = read_facts(params, fields.inner("model_info"))
    fields.ignore_the_rest(("model_name", words.PARAMS, "model_info"))
    way = _Way(
        kind=kind,
        base=_text(params, "api_base", "endpoints") or _text(params, "base_url", "endpoints"),
        key=_text(params, "api_key", "credential"),
        headers=tuple(
            pair for key in ("headers", "extra_headers") if key in params for pair in headers_without_keys(params, key)
        ),
    )
    shares = tuple(_share(params, key) for key in ("weight", "rpm", "tpm"))
    order = or_else(params.whole_number("order", "tier"), None)
    answer = read_seconds(params, "timeout", "answer_timeout_seconds", _LONGEST_ANSWER)
    first_byte = read_seconds(params, "stream_timeout", "first_byte_timeout_seconds", _LONGEST_WAIT)
    params.ignore_each(nothing.NOTHING_OF_PARAMS)
    params.ignore_the_rest(words.PARAMS_KEYS)
    if not (kind and model and group):
        return None
    provider, is_new = found.name_of(way, kind, lambda name: _provider(name, way, params))
    if is_new and provider != kind:
        message = f"It is reached in another way than “{kind}” above, so its provider is “{provider}” here."
        params.note(Kind.ADAPTED, "model", message)
    _add(model, facts, provider, found, params)
    return Deployment(
        group=group,
        provider=provider,
        model=model,
        shares=(shares[0], shares[1], shares[2]),
        order=order if order is not None else facts.order,
        answer_timeout_seconds=answer,
        first_byte_timeout_seconds=first_byte,
        place=params.place("model"),
        name_place=fields.place("model_name"),
    )


def _whose(params: Fields) -> tuple[str, str]:
    """Provider and model, of `provider/model`, or of a name that says by its beginning whose it is. "" after a refusal."""
    written = params.required_text("model", "model")
    kind = _text(params, "custom_llm_provider", "provider")
    before, slash, after = written.partition("/")
    if kind or not written:
        return kind, after if kind == before else written
    if slash and after:
        return before, after
    if written == WILDCARD:
        message = "Whose model it is would be guessed from the request: write the provider, like `openai/*`."
        params.note(Kind.IGNORED, "model", message)
        return "", ""
    known = next((whose for begin, whose in words.BY_BEGINNING.items() if written.startswith(begin)), "")
    if known or "api_base" in params or "base_url" in params:
        return known or "openai", written
    params.note(Kind.REFUSED, "model", "Write the provider and its model, like `openai/gpt-4o`.")
    return "", ""


# Providers ---------------------------------------------------------------------------------------


def _provider(name: str, way: _Way, params: Fields) -> ProviderEntry:
    is_azure = way.kind in words.AZURE
    auth, credential = _authentication(name, way, params)
    address = _address(way, params)
    api_types = api_types_of(way.kind)
    is_spoken = way.kind not in words.NOT_SPOKEN
    if not is_spoken:
        message = (
            f"The API of “{way.kind}” is not spoken here: it is imported disabled, so its targets get no requests."
        )
        params.note(Kind.ADAPTED, "model", message)
    place = params.place("api_base" if "api_base" in params else "base_url" if "base_url" in params else "model")
    return ProviderEntry(
        name=name,
        enabled=ABSENT if is_spoken else False,
        auth="header" if is_azure and auth == "bearer" else auth,
        auth_header=AZURE_HEADER if is_azure and auth == "bearer" else "",
        credential=credential,
        extra_headers=dict(way.headers) if way.headers else ABSENT,
        endpoints=tuple(
            EndpointEntry(api_type=one, base_url=address, where={"": place}) for one in api_types if address
        ),
        keeps_other_endpoints=True,
        where=params.where,
    )


def _authentication(name: str, way: _Way, params: Fields) -> tuple[str, Said[str]]:
    """How the key is shown, and where it is. LiteLLM looks for `OPENAI_API_KEY` where a file names none."""
    if way.base and way.key.lower() in words.KEYLESS:
        params.note(Kind.ADAPTED, "api_key", "It is no key: the provider is asked without one.")
        return "none", ABSENT
    if way.key:
        return "bearer", reference(params, "api_key", way.key, variable_for(name))
    if way.kind in words.OWN_SERVERS:
        return "none", ABSENT
    return "bearer", f"${variable_for(way.kind)}"


def _address(way: _Way, params: Fields) -> str:
    """The root of its API; "" when nobody says where it stands."""
    key = "api_base" if "api_base" in params else "base_url"
    if referred_variable(way.base):
        message = "An address is not looked up in the environment: type it in the admin, or write it here."
        params.note(Kind.ADAPTED, key, message)
        return ""
    if not way.base:
        address = words.ADDRESSES.get(way.kind, "")
        if not address and way.kind not in words.NOT_SPOKEN:
            params.note(Kind.REFUSED, "model", f"“{way.kind}” is not known here: say its `api_base`.")
        return address
    base = way.base.rstrip("/")
    if way.kind in words.AZURE and "/openai" not in base:
        params.note(Kind.ADAPTED, key, "It is asked at Azure's v1 API, with the key in the header api-key.")
        return base + AZURE_PATH
    return base


# Models ------------------------------------------------------------------------------------------


def _add(model: str, facts: ModelFacts, provider: str, found: FoundProviders, params: Fields) -> None:
    if WILDCARD in model:
        found.change(provider, lambda entry: replace(entry, takes_any_model=True))
        return
    entry = ModelEntry(name=model, **facts.of_the_model(), where={**facts.where, "": params.place("model")})
    found.add_model(provider, entry)


def _text(fields: Fields, key: str, into: str) -> str:
    return or_else(fields.text(key, into), "").strip()


def _share(fields: Fields, key: str) -> float | None:
    number = fields.number(key, "weight")
    if key in fields and key != "weight":
        message = "It is no limit here. Where nobody of this name has a `weight`, it is the share, as there."
        fields.note(Kind.ADAPTED, key, message)
    return or_else(number, None)
