"""`models`: a mapping of names, each with its targets, or groups of them -> our aliases.

Groups are tiers here: the second is asked when all of the first have failed. A tier has no selector of its own, so groups
with different selectors become aliases of their own, `NAME.GROUP`, that are not listed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.interchange.document import ABSENT, AliasEntry, Said, SynonymEntry, TargetEntry, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.fitting_names import fitting, fitting_alias, fitting_provider
from gateway.interchange.plexus_2 import vocabulary as words


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Targets that are chosen among in one way."""

    name: str
    selector: str
    targets: tuple[TargetEntry, ...]
    place: Place


def read_aliases(top: Fields) -> tuple[AliasEntry, ...]:
    section = top.inner("models")
    if section is None:
        return ()
    read = [(name, section.inner(name)) for name in section.names()]
    return tuple(alias for name, fields in read if fields is not None for alias in _aliases(section, name, fields))


def _aliases(section: Fields, slug: str, fields: Fields) -> Iterator[AliasEntry]:
    """The alias, and those that its groups need."""
    name = fitting_alias(section, slug, slug)
    groups = list(_groups(fields))
    entry = AliasEntry(name=name, synonyms=tuple(_synonyms(fields)), sticky=_sticky(fields))
    fields.ignore_each(words.NOTHING_OF_AN_ALIAS)
    fields.ignore_the_rest(words.ALIAS_KEYS)
    if len({group.selector for group in groups}) <= 1:
        tiers = (replace(one, tier=tier) for tier, group in enumerate(groups) for one in group.targets)
        selector = groups[0].selector if groups else ABSENT
        yield replace(entry, selector=selector, targets=tuple(tiers), where=fields.where)
        return
    fields.note(
        Kind.ADAPTED, words.GROUPS, f"Each group is an alias of its own here, “{name}.GROUP”, that is not listed."
    )
    behind = [_alias_of(name, group) for group in groups]
    yield replace(entry, selector="in_order", targets=tuple(_links(behind)), where=fields.where)
    yield from behind


def _alias_of(name: str, group: Group) -> AliasEntry:
    return AliasEntry(
        name=fitting(f"{name}.{group.name}"),
        listed=False,
        selector=group.selector,
        targets=group.targets,
        where={"": group.place},
    )


def _links(behind: Sequence[AliasEntry]) -> Iterator[TargetEntry]:
    for tier, alias in enumerate(behind):
        yield TargetEntry(to_alias=alias.name, tier=tier, where=alias.where)


def _synonyms(fields: Fields) -> Iterator[SynonymEntry]:
    for place, written in fields.placed_texts("additional_aliases", "synonyms"):
        name = fitting(written)
        if name != written:
            message = f"A name has letters, digits, dots, hyphens and underscores only: it is “{name}” here."
            fields.findings.append(Finding(kind=Kind.ADAPTED, place=place, message=message))
        yield SynonymEntry(name=name, where={"": place})


def _sticky(fields: Fields) -> Said[str]:
    is_sticky = fields.flag("sticky_session", "sticky")
    return ABSENT if is_sticky is ABSENT else "session" if is_sticky else "off"


def _groups(fields: Fields) -> Iterator[Group]:
    if words.GROUPS not in fields:
        selector = _selector(fields)
        yield Group(name="default", selector=selector, targets=tuple(_targets(fields)), place=fields.where[""])
        return
    for key in ("targets", "selector"):
        fields.ignore(key, f"`{words.GROUPS}` stands beside it, and goes first.")
    for number, group in enumerate(fields.mappings(words.GROUPS, "targets"), start=1):
        written = group.text("name", "name")
        name = f"group-{number}" if written in (ABSENT, "") else str(written)
        selector = _selector(group)
        yield Group(name=name, selector=selector, targets=tuple(_targets(group)), place=group.where[""])
        group.ignore_the_rest(("name", "selector", "targets"))


def _selector(fields: Fields) -> str:
    return or_else(fields.choice("selector", "selector", words.SELECTORS), "random")


def _targets(fields: Fields) -> Iterator[TargetEntry]:
    for target in fields.mappings("targets", "targets"):
        is_alias = "alias" in target
        enabled = or_else(target.flag("enabled", "enabled"), True)
        weight = target.whole_number("weight", "weight")
        if weight is not ABSENT:
            target.note(Kind.ADAPTED, "weight", "It is this target’s share here. Later versions of Plexus left it out.")
        entry = TargetEntry(
            provider="" if is_alias else fitting_provider(target.required_text("provider", "provider")),
            model="" if is_alias else target.required_text("model", "model"),
            to_alias=fitting(target.required_text("alias", "to_alias")) if is_alias else "",
            enabled=enabled,
            weight=or_else(weight, None),
        )
        target.ignore_the_rest(words.TARGET_KEYS)
        yield replace(entry, where=target.where)
