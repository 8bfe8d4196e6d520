"""What names mean, once all backends are read -> aliases, patterns, and aliases of one provider.

Aliases of a backend are aliases of ours. Where several backends have some, each also keeps its own for its own route, and
the first to have a name has it at /v1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.interchange.agentgateway.backends import Backend, Behind, with_aliases, with_model
from gateway.interchange.agentgateway.policies import Meant
from gateway.interchange.document import AliasEntry, PatternEntry, TargetEntry
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.fitting_names import fitting
from gateway.interchange.found_providers import FoundProviders
from routing.wildcards import WILDCARD, longest_first, matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What can be asked for."""

    aliases: tuple[AliasEntry, ...] = ()
    patterns: tuple[PatternEntry, ...] = ()

    def and_those(self, others: "Names") -> "Names":
        return Names(aliases=self.aliases + others.aliases, patterns=self.patterns + others.patterns)


def read_names(backends: Sequence[Backend], found: FoundProviders, findings: list[Finding]) -> Names:
    return _Naming(backends, found, findings).names()


class _Naming:
    """The backends of one file on their way to names."""

    def __init__(self, backends: Sequence[Backend], found: FoundProviders, findings: list[Finding]) -> None:
        self.backends = backends
        self.found = found
        self.findings = findings
        self.taken: dict[str, str] = {}
        """Name -> the backend that has it."""

    def names(self) -> Names:
        aliases: list[AliasEntry] = []
        patterns: list[PatternEntry] = []
        keeps_apart = sum(bool(_names_of(backend)) for backend in self.backends) > 1
        for backend in self.backends:
            for name, place in _names_of(backend).items():
                if self._is_taken(name, backend, place):
                    continue
                if WILDCARD in name:
                    patterns += self._pattern(name, backend, place)
                else:
                    aliases += self._alias(name, backend, place)
            aliases += self._of_fixed_models(backend)
            for behind in backend.behind:
                self._keep_its_own(behind, backend, keeps_apart=keeps_apart)
        return Names(aliases=tuple(aliases), patterns=tuple(patterns))

    def _is_taken(self, name: str, backend: Backend, place: Place) -> bool:
        owner = self.taken.setdefault(name, backend.name)
        if owner == backend.name:
            return False
        self._say(
            Kind.ADAPTED, place, f"“{name}” is that of “{owner}” at /v1; here, on the route of “{backend.name}” alone."
        )
        return True

    def _alias(self, name: str, backend: Backend, place: Place) -> Iterator[AliasEntry]:
        fit = fitting(name)
        if fit != name:
            message = f"A name has letters, digits, dots, hyphens and underscores only: it is “{fit}” here."
            self._say(Kind.ADAPTED, place, message)
        targets = tuple(self._targets(name, backend, place))
        if targets:
            yield _alias(fit, targets, place)

    def _targets(self, name: str, backend: Backend, place: Place) -> Iterator[TargetEntry]:
        for behind in backend.behind:
            meant = meaning(name, behind, backend)
            if meant is None:
                self._say(Kind.ADAPTED, place, f"“{behind.provider}” does not know “{name}”: it is no target of it.")
                continue
            with_model(self.found, behind.provider, meant.model, meant.place)
            yield TargetEntry(
                provider=behind.provider,
                model=meant.model,
                tier=behind.tier,
                where=dict.fromkeys(("", "model", "provider"), meant.place),
            )

    def _pattern(self, name: str, backend: Backend, place: Place) -> Iterator[PatternEntry]:
        behind = backend.behind[0]
        meant = meaning(name, behind, backend)
        if meant is None or name.count(WILDCARD) > 1 or len(backend.behind) > 1:
            message = "Here it is a name of the backend's own route alone: a pattern has one * and one provider."
            self._say(Kind.ADAPTED, place, message)
            return
        with_model(self.found, behind.provider, meant.model, meant.place)
        yield PatternEntry(pattern=name, provider=behind.provider, model=meant.model, where={"": place})

    def _of_fixed_models(self, backend: Backend) -> Iterator[AliasEntry]:
        """A backend that asks for models of its own, whatever a request names: an alias of its name."""
        name = fitting(backend.name)
        if not all(behind.model for behind in backend.behind) or name in self.taken:
            return
        self.taken[name] = backend.name
        message = f"It asks for models of its own, whatever a request names: at /v1 they are the alias “{name}”."
        self._say(Kind.ADAPTED, backend.place, message)
        yield _alias(name, tuple(self._targets(backend.name, backend, backend.place)), backend.place)

    def _keep_its_own(self, behind: Behind, backend: Backend, *, keeps_apart: bool) -> None:
        if behind.model:
            self._say_of_names_that_nobody_asks(behind, backend)
            fixed = meaning(backend.name, behind, backend)
            if fixed is not None:
                with_model(self.found, behind.provider, fixed.model, fixed.place)
                with_aliases(self.found, behind, {WILDCARD: fixed})
            return
        has_many_stars = any(name.count(WILDCARD) > 1 for name in backend.aliases)
        own = behind.aliases or (backend.aliases if keeps_apart or has_many_stars else {})
        for meant in own.values():
            with_model(self.found, behind.provider, meant.model, meant.place)
        if own:
            with_aliases(self.found, behind, own)

    def _say_of_names_that_nobody_asks(self, behind: Behind, backend: Backend) -> None:
        for name, meant in (behind.aliases or backend.aliases).items():
            if not matches(name, behind.model):
                message = f"“{behind.provider}” is asked for “{behind.model}”, whatever a request names."
                self._say(Kind.IGNORED, meant.place, message)

    def _say(self, kind: Kind, place: Place, message: str) -> None:
        self.findings.append(Finding(kind=kind, place=place, message=message))


def _alias(name: str, targets: tuple[TargetEntry, ...], place: Place) -> AliasEntry:
    shares_a_tier = len({target.tier for target in targets}) < len(targets)
    return AliasEntry(name=name, selector="random" if shares_a_tier else "in_order", targets=targets, where={"": place})


def _names_of(backend: Backend) -> dict[str, Place]:
    """All names that anybody of the backend knows, in the order of the file; none where models are fixed."""
    maps = [*(behind.aliases for behind in backend.behind), backend.aliases]
    if all(behind.model for behind in backend.behind):
        return {}
    return {name: meant.place for aliases in maps for name, meant in aliases.items()}


def meaning(name: str, behind: Behind, backend: Backend) -> Meant | None:
    """What a name means to one provider: exactly, else by the longest pattern. None: it is sent as it is, and fails there."""
    aliases: Mapping[str, Meant] = behind.aliases or backend.aliases
    asked = behind.model or name
    if asked in aliases:
        return aliases[asked]
    for pattern in longest_first(one for one in aliases if WILDCARD in one):
        if matches(pattern, asked):
            return aliases[pattern]
    return Meant(model=behind.model, place=behind.place) if behind.model else None
