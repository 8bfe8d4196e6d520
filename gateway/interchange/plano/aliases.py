"""`model_aliases`: a mapping of names, each with what stands behind it -> our aliases."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from gateway.interchange.document import ABSENT, AliasEntry, Said, TargetEntry, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.fitting_names import fitting
from gateway.interchange.plano import vocabulary as words
from gateway.interchange.plano.declared import DeclaredModels

USUAL_ATTEMPTS = 3
MOST_ATTEMPTS = 10
"""As many targets are tried for one request unless an alias says otherwise, and at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a target may be called."""

    declared: DeclaredModels
    aliases: Collection[str]


def read_aliases(top: Fields, declared: DeclaredModels) -> tuple[AliasEntry, ...]:
    section = top.inner(words.ALIASES)
    if section is None:
        return _with_the_default((), declared, top)
    names = Names(declared=declared, aliases=section.names())
    read = ((name, section.inner(name)) for name in section.names())
    aliases = tuple(_alias(name, fields, names) for name, fields in read if fields is not None)
    return _with_the_default(aliases, declared, top)


def _with_the_default(aliases: tuple[AliasEntry, ...], declared: DeclaredModels, top: Fields) -> tuple[AliasEntry, ...]:
    """Only an alias can be the default here: one that is the model alone, else a new one that is not listed."""
    model = declared.default
    if model is None:
        return aliases
    for place, alias in enumerate(aliases):
        if [target.key for target in alias.targets] == [(model.provider, model.model, "", "")]:
            return (*aliases[:place], replace(alias, is_default=True), *aliases[place + 1 :])
    taken = {alias.name for alias in aliases}
    name = next(one for one in _names_for(model.model) if one not in taken)
    message = f"Requests without a model go to the alias “{name}”, which is new and not listed."
    top.findings.append(Finding(kind=Kind.ADAPTED, place=model.place, message=message))
    where = {"": model.place}
    target = TargetEntry(provider=model.provider, model=model.model, where=where)
    return (
        *aliases,
        AliasEntry(name=name, listed=False, is_default=True, selector="in_order", targets=(target,), where=where),
    )


def _names_for(model: str) -> Iterator[str]:
    """The model's own, then the same with a number."""
    fit = fitting(model) or "default"
    yield fit
    yield from (f"{fit}-{number}" for number in count(2))


def _alias(name: str, fields: Fields, names: Names) -> AliasEntry:
    algorithm = _algorithm(fields)
    splits = "targets" in fields and "load_balance" not in fields
    first = tuple(_first_targets(fields, names))
    # Under percent, each tier has 100.
    fallbacks = tuple(_fallbacks(fields, names, weight=100 if splits else None))
    guardrails = _guardrails(fields)
    fields.ignore_the_rest(words.ALIAS_KEYS)
    return AliasEntry(
        name=name,
        selector=algorithm if algorithm is not ABSENT else "random" if splits else "in_order",
        weight_mode="percent" if splits else "relative",
        max_attempts=_attempts(first, fallbacks),
        guardrails=guardrails,
        targets=first + fallbacks,
        where=fields.where,
    )


def _attempts(first: Collection[TargetEntry], fallbacks: Collection[TargetEntry]) -> Said[int | None]:
    """A chain is tried to its end, however long."""
    all_of_them = len(first) + len(fallbacks)
    return min(all_of_them, MOST_ATTEMPTS) if fallbacks and all_of_them > USUAL_ATTEMPTS else ABSENT


def _algorithm(fields: Fields) -> Said[str]:
    """The selector of `load_balance`; ABSENT where there is none."""
    balance = fields.inner("load_balance")
    if balance is None:
        return ABSENT
    if "algorithm" not in balance:
        balance.note(Kind.REFUSED, "algorithm", f"It is missing. Known are {', '.join(words.ALGORITHMS)}.")
    name = balance.choice("algorithm", "selector", words.ALGORITHMS)
    fields.where |= {into: place for into, place in balance.where.items() if into}
    balance.ignore_the_rest(("algorithm",))
    return ABSENT if name is ABSENT else words.ALGORITHMS[name]


def _first_targets(fields: Fields, names: Names) -> Iterator[TargetEntry]:
    """Tier 0: `target`, or all `targets`."""
    if "target" in fields and "targets" in fields:
        fields.note(Kind.REFUSED, "targets", "An alias has a `target` or `targets`, not both.")
    elif "targets" not in fields:
        yield _named(fields, "target", names)
        return
    for target in fields.mappings("targets", "targets"):
        weight = or_else(target.whole_number("weight", "weight", words.WEIGHTS), None)
        endpoint = or_else(target.text("endpoint", "endpoint"), "")
        entry = _named(target, "model", names)
        target.ignore_the_rest(words.TARGET_KEYS)
        yield replace(entry, weight=weight, endpoint=endpoint)


def _fallbacks(fields: Fields, names: Names, *, weight: int | None) -> Iterator[TargetEntry]:
    """Each in a tier of its own, in order."""
    for tier, fallback in enumerate(fields.mappings("fallbacks", "fallbacks"), start=1):
        conditions = or_else(fallback.texts("conditions", "conditions"), [])
        entry = _named(fallback, "target", names)
        fallback.ignore_the_rest(words.FALLBACK_KEYS)
        yield replace(entry, tier=tier, weight=weight, conditions=conditions)


def _named(fields: Fields, key: str, names: Names) -> TargetEntry:
    """What the text under `key` means: a declared model, else an alias of the file."""
    name = fields.required_text(key, "model")
    where = fields.where | dict.fromkeys(("model", "provider", "to_alias"), fields.place(key))
    meant = names.declared.meant_by(name)
    if len(meant) > 1:
        written = " or ".join(model.written for model in meant)
        fields.note(Kind.REFUSED, key, f"“{name}” may be one of several models. Write {written}.")
    elif not meant and name in names.aliases:
        return TargetEntry(to_alias=name, where=where)
    elif not meant and name:
        problem = f"“{name}” is not a model of `{words.MODELS[1]}`, nor an alias. Add it there, or correct the name."
        fields.note(Kind.REFUSED, key, problem)
    if not meant:
        return TargetEntry(provider=name, model=name, where=where)
    return TargetEntry(provider=meant[0].provider, model=meant[0].model, where=where)


def _guardrails(fields: Fields) -> Said[dict[str, Any]]:  # Any: kept as they are
    """Kept, and each of them said not to be enforced, since whoever wrote one relies on it."""
    kept = fields.anything_below("guardrails", "guardrails")
    for name in or_else(kept, {}):
        place = Place(path=f"{fields.place('guardrails').path}.{name}", line=fields.line_below("guardrails", name))
        fields.findings.append(Finding(kind=Kind.ADAPTED, place=place, message=words.NOT_ENFORCED))
    return kept
