"""The standalone gateway's `llm:` and older `binds:` -> a Document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.interchange.agentgateway import http_routes, named_models, names
from gateway.interchange.agentgateway import vocabulary as words
from gateway.interchange.agentgateway.backends import Backend, entry_of, read_backend
from gateway.interchange.agentgateway.credentials import Auth, read_key
from gateway.interchange.agentgateway.named_models import NamedModel, VirtualModel, read_virtual
from gateway.interchange.agentgateway.policies import NOTHING, read_policies
from gateway.interchange.agentgateway.ways import Way, kind_of
from gateway.interchange.document import ABSENT, Document
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.found_providers import FoundProviders
from gateway.interchange.known_addresses import AZURE_PATH
from gateway.interchange.yaml_nodes import Keys
from routing.wildcards import WILDCARD

_STRIP_PREFIX: Final = re.compile(r"\s*llmRequest\.model\.stripPrefix\(\s*[\"'](?P<prefix>[^\"']*)[\"']\s*\)\s*")
_PARAMS: Final = ("model", "apiKey", "baseUrl", "hostOverride", "pathOverride", "pathPrefix", "azureResourceName")


@dataclass(slots=True)
class Standalone:
    """What was read so far."""

    findings: list[Finding]
    found: FoundProviders = field(default_factory=FoundProviders)
    named: dict[str, str] = field(default_factory=dict)
    """Name in `llm.providers` -> our provider."""
    models: list[NamedModel] = field(default_factory=list)
    virtual: list[VirtualModel] = field(default_factory=list)
    backends: dict[str, Backend] = field(default_factory=dict)
    ways: list[http_routes.Way] = field(default_factory=list)


def read_standalone(root: Keys, findings: list[Finding]) -> Document:
    top = Fields(root, "", findings)
    read = Standalone(findings)
    llm = top.inner("llm")
    if llm is not None:
        _llm(llm, read)
    for bind in top.mappings("binds"):
        _bind(bind, read)
    top.ignore_each(words.TOP)
    top.ignore_the_rest(("llm", "binds"))
    said = names.read_names([*read.backends.values()], read.found, findings).and_those(
        named_models.read_names(read.models, read.virtual, read.found, findings)
    )
    routes = tuple(http_routes.routes_of(read.ways, read.backends, findings))
    return Document(providers=read.found.entries(), aliases=said.aliases, patterns=said.patterns, routes=routes)


# llm ---------------------------------------------------------------------------------------------


def _llm(llm: Fields, read: Standalone) -> None:
    for provider in llm.mappings("providers"):
        _provider(provider, read)
    for model in llm.mappings("models"):
        read.models += _model(model, read)
    for fields in llm.mappings("virtualModels"):
        name = fields.required_text("name", "name")
        is_public = fields.choice("visibility", "listed", ("public", "internal")) != "internal"
        routing = fields.inner("routing")
        fields.refuse_if_missing("routing")
        fields.ignore_the_rest(("name", "routing", "visibility"))
        virtual = None if routing is None else read_virtual(routing, name, fields.where[""], is_public=is_public)
        if virtual is not None and name:
            read.virtual.append(virtual)
    for key in ("gateways", "port"):
        llm.ignore(key, words.LISTENING)
    policies = llm.inner("policies")
    if policies is not None:
        read_policies(policies, "llm", {})
    llm.ignore_the_rest(("providers", "models", "virtualModels"))


def _provider(fields: Fields, read: Standalone) -> None:
    name, kind = fields.required_text("name", "name"), kind_of(fields.required_text("provider", "provider"))
    params = fields.inner("params")
    for defaults, key in fields.each_below("defaults"):
        reason = (words.AI_POLICY | words.POLICIES).get(key, words.LLM_MODEL.get(key, words.PARAMS["tokenize"]))
        defaults.ignore(key, reason)
    fields.ignore_the_rest(("name", "provider", "params", "defaults"))
    if name and kind:
        way, auth = _way(kind, name, params, fields)
        read.named[name], _ = read.found.name_of(object(), name, lambda ours: entry_of(ours, way, auth, fields))


def _model(fields: Fields, read: Standalone) -> Iterator[NamedModel]:
    name = fields.required_text("name", "name")
    is_public = fields.choice("visibility", "listed", ("public", "internal")) != "internal"
    params = fields.inner("params")
    written = params.text("model", "model") if params is not None else ABSENT
    provider = _provider_of(fields, params, read)
    model = name if written is ABSENT or not written else written
    if stripped := _stripped(name, fields):
        model = stripped
    fields.ignore_each(words.LLM_MODEL)
    fields.ignore_the_rest(("name", "visibility", "provider", "params"))
    if name and provider:
        place = fields.place("name")
        yield NamedModel(name=name, ref=name, provider=provider, model=model, is_public=is_public, place=place)


def _provider_of(fields: Fields, params: Fields | None, read: Standalone) -> str:
    """Our provider of a model: a reference to one above, or one for each way to reach it. "" after a refusal."""
    if isinstance(fields.node("provider"), Keys):
        inner = fields.inner("provider", "provider")
        assert inner is not None  # it is a mapping
        if "reference" in inner:
            name = inner.required_text("reference", "provider")
            inner.ignore_the_rest(("reference",))
            _say_the_rest_of(params)
            if name not in read.named:
                inner.note(Kind.REFUSED, "reference", f"There is no provider “{name}” in `llm.providers`.")
            return read.named.get(name, "")
        kind = next(iter(inner.names()), "custom")
        inner.ignore(kind, words.KIND_SETTINGS["formats"])
        inner.ignore_the_rest()
    else:
        kind = fields.required_text("provider", "provider")
    if not kind:
        return ""
    way, auth = _way(kind_of(kind), kind_of(kind), params, fields)
    identity = (way.kind, way.address, auth)
    return read.found.name_of(identity, way.kind, lambda ours: entry_of(ours, way, auth, fields))[0]


def _way(kind: str, name: str, params: Fields | None, fields: Fields) -> tuple[Way, Auth | None]:
    auth = read_key(params, "apiKey", name) if params is not None else None
    address = _address(params) if params is not None else ""
    _say_the_rest_of(params)
    way = Way(kind=kind, model="", address=address or words.ADDRESSES.get(kind, ""), place=fields.place("provider"))
    if not way.is_spoken:
        message = "This API is not spoken here: it is imported disabled, so its targets get no requests."
        fields.note(Kind.ADAPTED, "provider", message)
    elif not way.address:
        fields.note(Kind.ADAPTED, "provider", "Nobody says where it stands: type its address in the admin.")
    return way, auth


def _address(params: Fields) -> str:
    texts = {key: text for key in _PARAMS[2:] if (text := params.text(key, "endpoints")) is not ABSENT and text}
    if "baseUrl" in texts:
        return texts["baseUrl"]
    if "azureResourceName" in texts:
        return f"https://{texts['azureResourceName']}.openai.azure.com{AZURE_PATH}"
    if "hostOverride" not in texts:
        return ""
    path = texts.get("pathOverride") or texts.get("pathPrefix") or ""
    scheme = "https" if texts["hostOverride"].endswith(":443") or ":" not in texts["hostOverride"] else "http"
    return f"{scheme}://{texts['hostOverride']}{path.rstrip('/')}"


def _say_the_rest_of(params: Fields | None) -> None:
    if params is None:
        return
    params.ignore_each(words.PARAMS)
    params.ignore_the_rest(_PARAMS)


def _stripped(name: str, fields: Fields) -> str:
    """The model behind `anthropic/*` where `transformation` takes off that prefix; "" where it does not."""
    model = ""
    for transformation, key in fields.each_below("transformation"):
        expression = transformation.text(key, key)
        match = _STRIP_PREFIX.fullmatch(expression) if key == "model" and expression is not ABSENT else None
        if match and name == match["prefix"] + WILDCARD:
            model = WILDCARD
        else:
            transformation.note(
                Kind.IGNORED, key, "Of expressions, only the one that takes off the name's own prefix is read."
            )
    return model


# binds -------------------------------------------------------------------------------------------


def _bind(bind: Fields, read: Standalone) -> None:
    for listener in bind.mappings("listeners"):
        for route in listener.mappings("routes"):
            _route(route, read)
        for key in listener.names():
            listener.ignore(key, words.LISTENING)
    for key in bind.names():
        bind.ignore(key, words.LISTENING)


def _route(route: Fields, read: Standalone) -> None:
    policies = route.inner("policies")
    written = route.text("name", "name")
    wanted = f"backend-{len(read.backends) + 1}" if written is ABSENT or not written else written
    said = read_policies(policies, wanted, {}) if policies is not None else NOTHING
    paths = [*_paths(route)] or [("/", route.where[""])]
    is_used = False
    for number, holder in enumerate(route.mappings("backends")):
        ai = holder.inner("ai")
        own = holder.inner("policies")
        together = said.under(read_policies(own, wanted, {})) if own is not None else said
        holder.ignore("weight", "A custom route leads to one backend: make an alias of several.")
        for key in holder.names():
            holder.ignore(key, words.OTHER_RESOURCE)
        if ai is None:
            continue
        backend_name = ai.text("name", "name")
        name = wanted if backend_name is ABSENT or not backend_name else backend_name
        backend = read_backend(name, ai, together, {}, read.found)
        if backend is None:
            continue
        is_used |= name == wanted
        read.backends[name] = backend
        if number == 0:
            read.ways += [http_routes.Way(path=path, backend=name, place=place) for path, place in paths]
    if written is not ABSENT and not is_used:
        route.note(Kind.IGNORED, "name", "Its backends have names of their own.")
    for key in ("hostnames", "ruleName"):
        route.ignore(key, words.LISTENING)
    route.ignore_the_rest(("name", "matches", "policies", "backends"))


def _paths(route: Fields) -> Iterator[tuple[str, Place]]:
    for match in route.mappings("matches"):
        for path, key in match.each_below("path"):
            if key in ("pathPrefix", "exact"):
                yield path.required_text(key, "path"), path.place(key)
            else:
                path.ignore(key, "A path is written out here: no regular expressions.")
        match.ignore_each(words.MATCH)
        match.ignore_the_rest(("path",))
