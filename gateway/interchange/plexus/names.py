"""Patterns, providers' own aliases and custom routes: between Plexus's YAML and a Document."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.interchange.document import ABSENT, PatternEntry, ProviderAliasEntry, RouteEntry, Said
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind, Place
from gateway.interchange.plexus import vocabulary as words
from routing.paths import SERVED

Written = Mapping[str, Any]  # Any: what YAML can hold
_NOT_BOTH: Final = "{} is for an `alias` or for a `provider`; not both."


def provider_aliases(fields: Fields) -> Said[tuple[ProviderAliasEntry, ...]]:
    """`aliases:` of a provider, a mapping of names to its models."""
    named = fields.inner("aliases", "aliases")
    if named is None:
        return ABSENT
    return tuple(_provider_aliases(named))


def _provider_aliases(named: Fields) -> Iterator[ProviderAliasEntry]:
    for name in named.names():
        place = named.place(name)
        yield ProviderAliasEntry(name=name, model=named.required_text(name, name), where={"": place})


def patterns(top: Fields) -> Iterator[PatternEntry]:
    """`patterns:` at the top of a file."""
    for fields in top.mappings("patterns", "patterns"):
        has_alias = "alias" in fields
        if has_alias and ("provider" in fields or "model" in fields):
            fields.note(Kind.REFUSED, "alias", _NOT_BOTH.format("A pattern"))
        yield PatternEntry(
            pattern=fields.required_text("pattern", "pattern"),
            to_alias=fields.required_text("alias", "to_alias") if has_alias else "",
            provider="" if has_alias else fields.required_text("provider", "provider"),
            model="" if has_alias else fields.required_text("model", "model"),
            enabled=fields.flag("enabled", "enabled"),
            where=_where(fields, words.PATTERN_KEYS),
        )


def routes(top: Fields) -> Iterator[RouteEntry]:
    """`routes:` at the top of a file."""
    for fields in top.mappings("routes", "routes"):
        if "alias" in fields and "provider" in fields:
            fields.note(Kind.REFUSED, "alias", _NOT_BOTH.format("A route"))
        yield RouteEntry(
            path=fields.required_text("path", "path"),
            provider=fields.required_text("provider", "provider") if "provider" in fields else "",
            alias=fields.required_text("alias", "alias") if "alias" in fields else "",
            api_type=fields.choice("apiType", "api_type", SERVED),
            enabled=fields.flag("enabled", "enabled"),
            where=_where(fields, words.ROUTE_KEYS),
        )


def _where(fields: Fields, known: tuple[str, ...]) -> dict[str, Place]:
    """Where the fields stand that were taken. What nobody took is said not to be known."""
    fields.ignore_the_rest(known)
    return fields.where


def written_provider_aliases(aliases: Said[tuple[ProviderAliasEntry, ...]]) -> Written:
    return {} if aliases is ABSENT else {one.name: one.model for one in sorted(aliases, key=lambda one: one.name)}


def written_pattern(entry: PatternEntry) -> Written:
    return {
        "pattern": entry.pattern,
        "alias": entry.to_alias,
        "provider": entry.provider,
        "model": entry.model,
        "enabled": entry.enabled,
    }


def written_route(entry: RouteEntry) -> Written:
    return {
        "path": entry.path,
        "provider": entry.provider,
        "alias": entry.alias,
        "apiType": entry.api_type,
        "enabled": entry.enabled,
    }
