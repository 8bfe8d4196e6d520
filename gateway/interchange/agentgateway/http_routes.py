"""Paths that lead to backends -> custom routes. A backend that no path leads to gets one of its own name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.interchange.agentgateway import vocabulary as words
from gateway.interchange.agentgateway.backends import Backend
from gateway.interchange.document import ABSENT, RouteEntry
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.fitting_names import fitting
from routing.paths import objection_to_path

_BELOW_ALL = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A path, and the backend that it leads to."""

    path: str
    backend: str
    place: Place


def read_http_route(spec: Fields) -> Iterator[Way]:
    """The paths of one HTTPRoute."""
    for rule in spec.mappings("rules"):
        paths = list(_paths(rule)) or [(_BELOW_ALL, rule.where[""])]
        backends = list(_backends(rule))
        rule.ignore_each(words.RULE)
        rule.ignore_the_rest(("matches", "backendRefs"))
        for path, place in paths:
            for backend in backends[:1]:
                yield Way(path=path, backend=backend, place=place)
    spec.ignore_each(words.ROUTE_SPEC)
    spec.ignore_the_rest(("rules",))


def _paths(rule: Fields) -> Iterator[tuple[str, Place]]:
    for match in rule.mappings("matches"):
        path = match.inner("path")
        if path is not None:
            kind = path.text("type", "path")
            value = path.required_text("value", "path")
            if kind == "RegularExpression":
                path.note(Kind.IGNORED, "value", "A path is written out here: no regular expressions.")
            elif value:
                if kind == "Exact":
                    path.note(Kind.ADAPTED, "type", "Below a custom route stands what stands below /v1, too.")
                yield value, path.place("value")
            path.ignore_the_rest(("type", "value"))
        match.ignore_each(words.MATCH)
        match.ignore_the_rest(("path",))


def _backends(rule: Fields) -> Iterator[str]:
    for number, ref in enumerate(rule.mappings("backendRefs")):
        name = ref.required_text("name", "backend")
        for key in ("group", "kind", "namespace", "weight", "port"):
            ref.ignore(key, "A backend is found by its name, and the first one is the route's.")
        ref.ignore_the_rest(("name",))
        if number:
            message = f"A custom route leads to one backend: make an alias of both, and “{name}” one of its targets."
            ref.note(Kind.IGNORED, "name", message)
        else:
            yield name


def routes_of(ways: Sequence[Way], backends: Mapping[str, Backend], findings: list[Finding]) -> Iterator[RouteEntry]:
    """The custom routes of a file, each path once."""
    seen: set[str] = set()
    reached = set()
    for way in ways:
        backend = backends.get(way.backend)
        if backend is None:
            message = f"There is no backend “{way.backend}” in this file, so the route leads nowhere."
            findings.append(Finding(kind=Kind.IGNORED, place=way.place, message=message))
            continue
        reached.add(backend.name)
        path = way.path.rstrip("/").lower()
        if path in seen or not path or objection_to_path(path):
            findings.append(Finding(kind=Kind.ADAPTED, place=way.place, message=_why_not(path, seen)))
            continue
        seen.add(path)
        yield _route(path, backend, way.place, findings)
    for backend in backends.values():
        if backend.name not in reached:
            yield from _of_its_own(backend, seen, findings)


def _why_not(path: str, seen: set[str]) -> str:
    if path in seen:
        return "Another route has this path already, and goes first."
    objection = objection_to_path(path) if path else None
    return f"No custom route is made of it: {objection[1] if objection else 'what it leads to is answered at /v1.'}"


def _of_its_own(backend: Backend, seen: set[str], findings: list[Finding]) -> Iterator[RouteEntry]:
    path = f"/{fitting(backend.name).lower()}"
    if path in seen or objection_to_path(path):
        path = f"/backend-{fitting(backend.name).lower()}"
    seen.add(path)
    message = f"No route of this file leads to it: it is reached at /v1, and by its own route {path}."
    findings.append(Finding(kind=Kind.ADAPTED, place=backend.place, message=message))
    yield _route(path, backend, backend.place, findings)


def _route(path: str, backend: Backend, place: Place, findings: list[Finding]) -> RouteEntry:
    api_type = backend.api_type or ABSENT
    where = {"": place}
    if len(backend.behind) == 1:
        return RouteEntry(path=path, provider=backend.behind[0].provider, api_type=api_type, where=where)
    if all(behind.model for behind in backend.behind):
        return RouteEntry(path=path, alias=fitting(backend.name), api_type=api_type, where=where)
    message = f"Several providers stand behind it, so all names are known at {path}: the aliases say who is asked."
    findings.append(Finding(kind=Kind.ADAPTED, place=place, message=message))
    return RouteEntry(path=path, api_type=api_type, where=where)
