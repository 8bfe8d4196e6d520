"""Kubernetes resources, in any order -> a Document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.interchange.agentgateway import http_routes, named_models, names
from gateway.interchange.agentgateway import vocabulary as words
from gateway.interchange.agentgateway.backends import Backend, entry_of, read_backend
from gateway.interchange.agentgateway.credentials import read_secret
from gateway.interchange.agentgateway.named_models import NamedModel, VirtualModel, read_virtual
from gateway.interchange.agentgateway.policies import NOTHING, Policies, read_policies
from gateway.interchange.agentgateway.ways import Way, kind_of
from gateway.interchange.document import ABSENT, Document
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind
from gateway.interchange.found_providers import FoundProviders
from gateway.interchange.yaml_nodes import Keys, Node, Scalar

KINDS = ("Secret", "AgentgatewayPolicy", "AgentgatewayBackend", "HTTPRoute", "AgentgatewayModel")
"""In the order in which they are read: each needs those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One document."""

    kind: str
    name: str
    fields: Fields


@dataclass(slots=True)
class Cluster:
    """What was read so far."""

    findings: list[Finding]
    found: FoundProviders = field(default_factory=FoundProviders)
    secrets: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policies] = field(default_factory=dict)
    """Name of the backend that is targeted, "" for all -> what is said of it."""
    backends: dict[str, Backend] = field(default_factory=dict)
    ways: list[http_routes.Way] = field(default_factory=list)
    models: list[NamedModel] = field(default_factory=list)
    virtual: list[VirtualModel] = field(default_factory=list)


def read_resources(roots: Sequence[Node], findings: list[Finding]) -> Document:
    resources = [resource for fields in _documents(roots, findings) if (resource := _resource(fields))]
    cluster = Cluster(findings)
    for kind in KINDS:
        for one in (resource for resource in resources if resource.kind == kind):
            _READERS[kind](one, cluster)
    backends = list(cluster.backends.values())
    said = names.read_names(backends, cluster.found, findings).and_those(
        named_models.read_names(cluster.models, cluster.virtual, cluster.found, findings)
    )
    routes = tuple(http_routes.routes_of(cluster.ways, cluster.backends, findings))
    return Document(providers=cluster.found.entries(), aliases=said.aliases, patterns=said.patterns, routes=routes)


def _documents(roots: Sequence[Node], findings: list[Finding]) -> Iterator[Fields]:
    """Every document; of a List, as `kubectl get -o yaml` writes one, its items."""
    for root in roots:
        if not isinstance(root, Keys):
            continue  # nothing between two ---
        kind = root.nodes.get("kind")
        fields = Fields(root, "", findings)
        if not (isinstance(kind, Scalar) and kind.value == "List"):
            yield fields
            continue
        for key in ("kind", "apiVersion", "metadata"):
            fields.ignore(key, "It says nothing of the items.")
        yield from fields.mappings("items")
        fields.ignore_the_rest(("items",))


def _resource(fields: Fields) -> Resource | None:
    kind = fields.required_text("kind", "")
    if kind and kind not in KINDS:
        fields.note(Kind.IGNORED, "kind", f"{kind}: {words.OTHER_RESOURCE}")
        return None
    fields.required_text("apiVersion", "")
    metadata = fields.inner("metadata")
    name = metadata.required_text("name", "name") if metadata is not None else ""
    if metadata is None:
        fields.refuse_if_missing("metadata")
        return None
    metadata.ignore_each(words.METADATA)
    metadata.ignore_the_rest(("name",))
    fields.ignore("status", "It is what the cluster says of it.")
    return Resource(kind=kind, name=name, fields=fields) if kind and name else None


def _secret(one: Resource, cluster: Cluster) -> None:
    cluster.secrets[one.name] = read_secret(one.fields, one.name)
    one.fields.ignore_the_rest(("stringData", "data"))


def _spec(one: Resource) -> Fields | None:
    spec = one.fields.inner("spec")
    if spec is None:
        one.fields.refuse_if_missing("spec")
    one.fields.ignore_the_rest(("spec",))
    return spec


def _policy(one: Resource, cluster: Cluster) -> None:
    spec = _spec(one)
    if spec is None:
        return
    backend = spec.inner("backend")
    said = read_policies(backend, one.name, cluster.secrets) if backend is not None else NOTHING
    for section, reasons in (("traffic", words.TRAFFIC), ("frontend", {})):
        for inner, key in spec.each_below(section):
            inner.ignore(key, reasons.get(key, words.LISTENING))
    for target in spec.mappings("targetRefs"):
        kind, name = target.required_text("kind", "kind"), target.required_text("name", "name")
        key = name if kind == "AgentgatewayBackend" else ""
        cluster.policies[key] = cluster.policies.get(key, NOTHING).under(said)
        if not key:
            target.note(Kind.ADAPTED, "kind", "It holds for every backend of this file that says nothing itself.")
        target.ignore("group", "It is told by its kind.")
        target.ignore("sectionName", "It is told by its kind.")
        target.ignore_the_rest(("kind", "name"))
    spec.ignore("targetSelectors", "Name what is targeted in `targetRefs`.")
    spec.ignore("strategy", "Which policy goes first is said by what it targets.")
    spec.ignore_the_rest(("backend", "traffic", "frontend", "targetRefs"))


def _policies_for(name: str, cluster: Cluster) -> Policies:
    """What policies say of a backend: of everything first, then of itself."""
    return cluster.policies.get("", NOTHING).under(cluster.policies.get(name, NOTHING))


def _backend(one: Resource, cluster: Cluster) -> None:
    spec = _spec(one)
    if spec is None:
        return
    policies = _policies_for(one.name, cluster)
    own = spec.inner("policies")
    if own is not None:
        policies = policies.under(read_policies(own, one.name, cluster.secrets))
    ai = spec.inner("ai")
    for key in ("static", "mcp", "aws", "dynamicForwardProxy", "a2a"):
        spec.ignore(key, words.OTHER_RESOURCE)
    spec.ignore_the_rest(("ai", "policies"))
    if ai is None:
        return
    backend = read_backend(one.name, ai, policies, cluster.secrets, cluster.found)
    if backend is not None:
        cluster.backends[one.name] = backend


def _route(one: Resource, cluster: Cluster) -> None:
    spec = _spec(one)
    if spec is not None:
        cluster.ways += http_routes.read_http_route(spec)


def _model(one: Resource, cluster: Cluster) -> None:
    spec = _spec(one)
    if spec is None:
        return
    is_public = spec.choice("visibility", "listed", ("Public", "Internal")) != "Internal"
    match = spec.inner("match")
    name = match.required_text("model", "name") if match is not None else one.name
    if match is not None:
        match.ignore_the_rest(("model",))
    place = spec.where[""]
    virtual = spec.inner("virtualModel")
    if virtual is not None:
        if read := read_virtual(virtual, name, place, is_public=is_public):
            cluster.virtual.append(read)
    else:
        cluster.models += _real(one, spec, name, cluster, is_public=is_public)
    spec.ignore_the_rest(("visibility", "match", "provider", "baseURL", "policies", "virtualModel"))


def _real(one: Resource, spec: Fields, name: str, cluster: Cluster, *, is_public: bool) -> Iterator[NamedModel]:
    policies = spec.inner("policies")
    said = read_policies(policies, one.name, cluster.secrets) if policies is not None else NOTHING
    kind = kind_of(spec.required_text("provider", "provider"))
    base = spec.text("baseURL", "endpoints")
    settings = next((spec.inner(key) for key in spec.names() if kind_of(key) == kind), None)
    written = settings.text("model", "model") if settings is not None else ABSENT
    if settings is not None:
        settings.ignore_each(words.KIND_SETTINGS)
        settings.ignore_the_rest(("model",))
    if not kind:
        return
    address = words.ADDRESSES.get(kind, "") if base is ABSENT or not base else base
    if not address:
        spec.note(Kind.ADAPTED, "provider", "Nobody says where it stands: type its address in the admin.")
    way = Way(kind=kind, model="", address=address, place=spec.place("provider"))
    identity = (kind, address, said.auth)
    provider, _ = cluster.found.name_of(identity, kind, lambda ours: entry_of(ours, way, said.auth, spec))
    model = name if written is ABSENT or not written else written
    yield NamedModel(name=name, ref=one.name, provider=provider, model=model, is_public=is_public, place=spec.where[""])


_READERS = {
    "Secret": _secret,
    "AgentgatewayPolicy": _policy,
    "AgentgatewayBackend": _backend,
    "HTTPRoute": _route,
    "AgentgatewayModel": _model,
}
