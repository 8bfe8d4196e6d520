"""Deployments of one `model_name` -> an alias, or a pattern where the name holds `*`; fallbacks become its further tiers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.interchange.document import ABSENT, AliasEntry, ModelEntry, PatternEntry, SynonymEntry, TargetEntry
from gateway.interchange.findings import Finding, Kind
from gateway.interchange.fitting_names import fitting
from gateway.interchange.found_providers import FoundProviders
from gateway.interchange.litellm.deployments import Deployment
from gateway.interchange.litellm.router import Help, OtherName, Routing
from gateway.interchange.litellm.shares import whole_weights
from routing.wildcards import WILDCARD, captured, longest_first

USUAL_ATTEMPTS = 3
MOST_ATTEMPTS = 10
"""As many targets are tried for one request unless an alias says otherwise, and at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Everything that can be asked for, once a file is read."""

    aliases: tuple[AliasEntry, ...]
    patterns: tuple[PatternEntry, ...]


def read_names(
    deployments: Sequence[Deployment], routing: Routing, found: FoundProviders, findings: list[Finding]
) -> Names:
    return _Naming(deployments, routing, found, findings).names()


class _Naming:
    """The names of one file on their way to aliases and patterns."""

    def __init__(
        self, deployments: Sequence[Deployment], routing: Routing, found: FoundProviders, findings: list[Finding]
    ) -> None:
        self.routing = routing
        self.found = found
        self.findings = findings
        self.groups: dict[str, list[Deployment]] = {}
        for one in deployments:
            self.groups.setdefault(one.group, []).append(one)

    def names(self) -> Names:
        patterns = tuple(pattern for name in self.groups if WILDCARD in name for pattern in self._patterns(name))
        tiers = {name: self._tiers(name) for name in self.groups if WILDCARD not in name}
        aliases = tuple(alias for name in tiers for alias in self._alias(name, tiers))
        self._say_of_unused_help(tiers)
        return Names(aliases=(*aliases, *self._hidden_names()), patterns=patterns)

    # Patterns

    def _patterns(self, name: str) -> Iterator[PatternEntry]:
        first, *others = self.groups[name]
        for one in others:
            self._say(Kind.IGNORED, one, f"A pattern leads to one provider: “{first.provider}”, above.")
        if WILDCARD not in first.model:
            self.found.add_model(first.provider, ModelEntry(name=first.model, where={"": first.place}))
        if name == f"{first.provider}/{WILDCARD}" == f"{first.provider}/{first.model}":
            return  # this is what a provider that takes any model does by itself
        where = {"": first.name_place, "model": first.place}
        yield PatternEntry(pattern=name, provider=first.provider, model=first.model, where=where)

    # Aliases

    def _tiers(self, name: str) -> list[list[TargetEntry]]:
        """By `order`, those without one last."""
        group = self.groups[name]
        weights = whole_weights([one.shares for one in group])
        targets = [_target(one, weight) for one, weight in zip(group, weights, strict=True)]
        orders = sorted({one.order for one in group}, key=lambda order: (order is None, order or 0))
        return [
            self._once([target for target, one in zip(targets, group, strict=True) if one.order == order], name)
            for order in orders
        ]

    def _once(self, targets: Sequence[TargetEntry], name: str) -> list[TargetEntry]:
        """Each model of a provider once, with the weight of all that are it."""
        merged: dict[tuple[str, ...], TargetEntry] = {}
        for target in targets:
            twin = merged.get(target.key)
            if twin is None:
                merged[target.key] = target
                continue
            message = f"“{target}” stands behind “{name}” already: it is one target here, with both weights."
            self.findings.append(Finding(kind=Kind.ADAPTED, place=target.place(), message=message))
            merged[target.key] = replace(twin, weight=(twin.weight or 1) + (target.weight or 1))
        return [*merged.values()]

    def _alias(self, name: str, tiers: Mapping[str, list[list[TargetEntry]]]) -> Iterator[AliasEntry]:
        own = [replace(one, tier=tier) for tier, targets in enumerate(tiers[name]) for one in targets]
        helpers = self._helpers(name, own, tiers)
        others = self._synonyms(name)
        place = self.groups[name][0].name_place
        if not helpers and self._is_asked_for_directly(name, own):
            message = f"It is asked for as it is, “{name}”: a provider and its model need no alias."
            self.findings.append(Finding(kind=Kind.ADAPTED, place=place, message=message))
            return
        fit = fitting(name)
        if fit != name:
            message = f"A name has letters, digits, dots, hyphens and underscores only: it is “{fit}” here."
            self.findings.append(Finding(kind=Kind.ADAPTED, place=place, message=message))
        targets = (*own, *helpers)
        yield AliasEntry(
            name=fit,
            selector=self.routing.selector,
            max_attempts=min(len(targets), MOST_ATTEMPTS) if len(targets) > USUAL_ATTEMPTS else ABSENT,
            synonyms=others,
            targets=targets,
            where={"": place, "name": place},
        )

    def _is_asked_for_directly(self, name: str, own: Sequence[TargetEntry]) -> bool:
        is_meant = any(other.group == name for other in self.routing.other_names)
        return not is_meant and len(own) == 1 and name == str(own[0])

    def _helpers(
        self, name: str, own: Sequence[TargetEntry], tiers: Mapping[str, list[list[TargetEntry]]]
    ) -> list[TargetEntry]:
        """The targets of those who help this name, in tiers of their own, each target once."""
        seen = {target.key for target in own}
        last = max((target.tier for target in own), default=-1)
        helpers = []
        for one in self.routing.help:
            if one.of not in (name, "") or one.name == name:
                continue
            for targets in self._behind(one, tiers):
                new = [target for target in targets if target.key not in seen]
                last += bool(new)
                seen |= {target.key for target in new}
                helpers += [replace(each, tier=last, conditions=[*one.conditions]) for each in new]
        return helpers

    def _behind(self, help: Help, tiers: Mapping[str, list[list[TargetEntry]]]) -> Sequence[Sequence[TargetEntry]]:
        """The tiers of whoever helps: another `model_name`, another name of one, or a name of a pattern."""
        group = next((one.group for one in self.routing.other_names if one.name == help.name), help.name)
        if group in tiers:
            return tiers[group]
        for pattern in longest_first(name for name in self.groups if WILDCARD in name):
            if (part := captured(pattern, group)) is not None:
                first = self.groups[pattern][0]
                model = first.model.replace(WILDCARD, part, 1)
                self.found.add_model(first.provider, ModelEntry(name=model, where={"": help.place}))
                return [[TargetEntry(provider=first.provider, model=model, where={"": help.place})]]
        message = f"“{help.name}” is no `model_name` of this file. Add it there, or correct the name."
        refused = Finding(kind=Kind.REFUSED, place=help.place, message=message)
        if refused not in self.findings:
            self.findings.append(refused)
        return []

    # Other names

    def _synonyms(self, name: str) -> tuple[SynonymEntry, ...]:
        mine = (one for one in self.routing.other_names if one.group == name and not one.hidden)
        return tuple(SynonymEntry(name=self._fit(one), where={"": one.place}) for one in mine)

    def _hidden_names(self) -> Iterator[AliasEntry]:
        """A name that is not listed is an alias of its own; one of nothing is refused."""
        for one in self.routing.other_names:
            where = {"": one.place}
            if one.group not in self.groups or WILDCARD in one.group:
                message = f"“{one.group}” is no `model_name` of this file. Add it there, or correct the name."
                self.findings.append(Finding(kind=Kind.REFUSED, place=one.place, message=message))
            elif one.hidden:
                target = TargetEntry(to_alias=fitting(one.group), where=where)
                yield AliasEntry(name=self._fit(one), listed=False, selector="in_order", targets=(target,), where=where)

    def _fit(self, one: OtherName) -> str:
        fit = fitting(one.name)
        if fit != one.name:
            message = f"A name has letters, digits, dots, hyphens and underscores only: it is “{fit}” here."
            self.findings.append(Finding(kind=Kind.ADAPTED, place=one.place, message=message))
        return fit

    # What there is to say

    def _say(self, kind: Kind, one: Deployment, message: str) -> None:
        self.findings.append(Finding(kind=kind, place=one.place, message=message))

    def _say_of_unused_help(self, tiers: Mapping[str, object]) -> None:
        for one in self.routing.help:
            if one.of and one.of not in tiers:
                reason = (
                    "A pattern has"
                    if one.of in self.groups
                    else f"“{one.of}” is no `model_name` of this file, so it has"
                )
                self.findings.append(Finding(kind=Kind.IGNORED, place=one.place, message=f"{reason} no fallbacks."))


def _target(one: Deployment, weight: int | None) -> TargetEntry:
    return TargetEntry(
        provider=one.provider,
        model=one.model,
        weight=weight or None,
        enabled=weight != 0,
        answer_timeout_seconds=one.answer_timeout_seconds,
        first_byte_timeout_seconds=one.first_byte_timeout_seconds,
        where=dict.fromkeys(("", "model", "provider", "weight"), one.place),
    )
