"""Models that are named one by one, and virtual ones that stand for several -> aliases and patterns.

An AgentgatewayModel and an entry of the standalone gateway's `models` say the same; so do their virtual models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.interchange.agentgateway.backends import with_model
from gateway.interchange.agentgateway.names import Names
from gateway.interchange.document import ABSENT, AliasEntry, PatternEntry, TargetEntry, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.fitting_names import fitting
from gateway.interchange.found_providers import FoundProviders
from routing.wildcards import WILDCARD, captured, longest_first

_SELECTORS = {"weighted": "random", "failover": "in_order", "conditional": "in_order"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedModel:
    """A name, and the model of a provider behind it."""

    name: str
    """May hold `*`."""
    ref: str
    """What virtual models call it."""
    provider: str
    model: str
    """A `*` in it is what the `*` of the name stands for."""
    is_public: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of those that a virtual model stands for."""

    ref: str
    weight: int | None
    priority: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualModel:
    """A name for several models."""

    name: str
    selector: str
    parts: Sequence[Part]
    is_public: bool
    place: Place


def read_virtual(fields: Fields, name: str, place: Place, *, is_public: bool) -> VirtualModel | None:
    """Of `weighted`, `failover` or `conditional`, each with `targets`. None, and a refusal, without any."""
    written = next((kind for kind in _SELECTORS if kind in fields), "")
    inner = fields.inner(written) if written else None
    if inner is None:
        known = ", ".join(_SELECTORS)
        fields.findings.append(Finding(kind=Kind.REFUSED, place=fields.where[""], message=f"Expected one of {known}."))
        return None
    parts = [_part(target, order) for order, target in enumerate(inner.mappings("targets"))]
    inner.ignore_the_rest(("targets",))
    fields.ignore_the_rest((*_SELECTORS,))
    return VirtualModel(name=name, selector=_SELECTORS[written], parts=parts, is_public=is_public, place=place)


def _part(target: Fields, order: int) -> Part:
    by_ref = target.inner("modelRef")
    if by_ref is not None:
        ref = by_ref.required_text("name", "to_alias")
        by_ref.ignore_the_rest(("name",))
        target.ignore("model", "`modelRef` beside it says which one.")
    else:
        ref = target.required_text("model", "to_alias")
    weight, priority = target.whole_number("weight", "weight"), target.whole_number("priority", "tier")
    if "when" in target:
        target.note(Kind.ADAPTED, "when", "Requests are not told apart here: the first one is asked, then the next.")
        target.text("when", "conditions")
        priority = order
    target.ignore_the_rest(("modelRef", "model", "weight", "priority", "when"))
    return Part(
        ref=ref,
        weight=or_else(weight, None),
        priority=or_else(priority, 0) or 0,
        place=target.where[""],
    )


def read_names(
    models: Sequence[NamedModel], virtual: Sequence[VirtualModel], found: FoundProviders, findings: list[Finding]
) -> Names:
    naming = _Naming(models, found, findings)
    return Names(
        aliases=(*naming.aliases(), *(naming.of_several(one) for one in virtual)), patterns=tuple(naming.patterns())
    )


class _Naming:
    """The named models of one file on their way to aliases and patterns."""

    def __init__(self, models: Sequence[NamedModel], found: FoundProviders, findings: list[Finding]) -> None:
        self.found = found
        self.findings = findings
        self.groups: dict[str, list[NamedModel]] = {}
        for model in models:
            self.groups.setdefault(model.name, []).append(model)
        self.refs = {model.ref: model for model in models}

    def aliases(self) -> Iterator[AliasEntry]:
        """A name that several models have stands for all of them."""
        for name, models in self.groups.items():
            if WILDCARD in name:
                continue
            if len(models) > 1:
                self._say(Kind.ADAPTED, models[1].place, f"“{name}” stands here already: it is one alias for both.")
            yield AliasEntry(
                name=self._fit(name, models[0].place),
                listed=ABSENT if models[0].is_public else False,
                selector="random" if len(models) > 1 else "in_order",
                targets=tuple(self._target(model.provider, model.model, model.place) for model in models),
                where={"": models[0].place},
            )

    def patterns(self) -> Iterator[PatternEntry]:
        for name, models in self.groups.items():
            if WILDCARD not in name:
                continue
            for other in models[1:]:
                self._say(
                    Kind.IGNORED, other.place, f"“{name}” stands here already, and a pattern leads to one provider."
                )
            first = models[0]
            if WILDCARD not in first.model:
                with_model(self.found, first.provider, first.model, first.place)
            yield PatternEntry(pattern=name, provider=first.provider, model=first.model, where={"": first.place})

    def of_several(self, virtual: VirtualModel) -> AliasEntry:
        priorities = sorted({part.priority for part in virtual.parts})
        parts = sorted(virtual.parts, key=lambda part: part.priority)
        targets = [self._part(part, priorities.index(part.priority)) for part in parts]
        return AliasEntry(
            name=self._fit(virtual.name, virtual.place),
            listed=ABSENT if virtual.is_public else False,
            selector=virtual.selector,
            targets=tuple(target for target in targets if target is not None),
            where={"": virtual.place},
        )

    def _part(self, part: Part, tier: int) -> TargetEntry | None:
        where = dict.fromkeys(("", "to_alias", "model", "provider", "weight"), part.place)
        model = self.refs.get(part.ref)
        name = model.name if model is not None else part.ref
        if name in self.groups and WILDCARD not in name:
            return TargetEntry(to_alias=fitting(name), weight=part.weight, tier=tier, where=where)
        for pattern in longest_first(one for one in self.groups if WILDCARD in one):
            if (piece := captured(pattern, part.ref)) is not None:
                behind = self.groups[pattern][0]
                asked = behind.model.replace(WILDCARD, piece, 1)
                with_model(self.found, behind.provider, asked, part.place)
                return TargetEntry(provider=behind.provider, model=asked, weight=part.weight, tier=tier, where=where)
        self._say(
            Kind.REFUSED, part.place, f"“{part.ref}” is no model of this file. Add it there, or correct the name."
        )
        return None

    def _target(self, provider: str, model: str, place: Place) -> TargetEntry:
        with_model(self.found, provider, model, place)
        return TargetEntry(provider=provider, model=model, where=dict.fromkeys(("", "model", "provider"), place))

    def _fit(self, name: str, place: Place) -> str:
        fit = fitting(name)
        if fit != name:
            message = f"A name has letters, digits, dots, hyphens and underscores only: it is “{fit}” here."
            self._say(Kind.ADAPTED, place, message)
        return fit

    def _say(self, kind: Kind, place: Place, message: str) -> None:
        self.findings.append(Finding(kind=kind, place=place, message=message))
