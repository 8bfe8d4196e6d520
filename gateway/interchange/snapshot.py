"""EDGE: the configuration in the database -> a Document."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Field, Model

from gateway.interchange.document import (
    ABSENT,
    AliasEntry,
    Document,
    EndpointEntry,
    Entry,
    ModelEntry,
    PatternEntry,
    ProviderAliasEntry,
    ProviderEntry,
    RouteEntry,
    SynonymEntry,
    TargetEntry,
)
from providers import extra_headers, secrets
from providers.models import Provider, ProviderModel
from routing.models import TIME_LIMITS as TARGET_TIME_LIMITS
from routing.models import Alias, CustomRoute, PatternAlias, Target

PROVIDER_FIELDS = (
    *("display_name", "enabled", "auth", "auth_header", "credential", "extra_headers", "asks_stream_usage"),
    *("connect_timeout_seconds", "first_byte_timeout_seconds", "idle_timeout_seconds", "answer_timeout_seconds"),
    *("semantic_idle_timeout_seconds", "max_in_flight", "probe_every_seconds", "takes_any_model"),
)
MODEL_FIELDS = (
    *("enabled", "api_types", "context_length"),
    *("input_usd_per_mtok", "output_usd_per_mtok", "cached_input_usd_per_mtok", "max_in_flight"),
)
PROVIDER_SAID_IF_SET = ("takes_any_model",)
SAID_IF_SET = (
    "is_default",
    *("max_attempts", "stream_mode", "sticky", "sticky_seconds"),
    *("hedge_percentile", "hedge_budget_percent", "guardrails"),
)
"""Fields of an alias that a document leaves out where they have their default: most aliases never need them."""
ALIAS_FIELDS = ("description", "enabled", "listed", "selector", "weight_mode", "answer_model", *SAID_IF_SET)
PATTERN_FIELDS = ("enabled",)
"""What a document may leave out of a pattern."""
ROUTE_FIELDS = ("api_type", "enabled")
TARGET_FIELDS = ("weight", "tier", "enabled", "conditions", *TARGET_TIME_LIMITS)


def current() -> Document:
    """All configuration that the database holds, in a stable order, without a single secret."""
    aliases = Alias.objects.prefetch_related("synonyms", "targets__model__provider", "targets__to_alias")
    return replace(without_aliases(), aliases=tuple(alias_entry(alias) for alias in aliases))


def without_aliases() -> Document:
    """As `current`, but for the aliases, which may be ten thousand."""
    providers = Provider.objects.prefetch_related("endpoints", "models", "aliases")
    return Document(
        providers=tuple(provider_entry(provider) for provider in providers),
        patterns=tuple(map(pattern_entry, PatternAlias.objects.select_related("to_alias", "provider"))),
        routes=tuple(map(route_entry, CustomRoute.objects.select_related("provider", "alias"))),
    )


def entry_of(row: Model) -> Entry | None:
    """What a document would say of this row; None for what stands in another's entry, or in no document."""
    match row:
        case Provider():
            return provider_entry(row)
        case Alias():
            return alias_entry(row)
        case PatternAlias():
            return pattern_entry(row)
        case CustomRoute():
            return route_entry(row)
    return None


def provider_entry(row: Provider) -> ProviderEntry:
    """A provider with its addresses, models and aliases."""
    stored = _values(row, PROVIDER_FIELDS) | _absent_where_default(row, PROVIDER_SAID_IF_SET)
    is_reference = secrets.is_reference(row.credential)
    return ProviderEntry(
        name=row.name,
        **stored
        | {
            "credential": row.credential if is_reference else ABSENT,
            "extra_headers": extra_headers.in_clear(row.extra_headers),
        },
        credential_is_kept=bool(row.credential) and not is_reference,
        kept_headers=extra_headers.hidden(row.extra_headers) or ABSENT,
        endpoints=tuple(EndpointEntry(api_type=one.api_type, base_url=one.base_url) for one in row.endpoints.all()),
        models=tuple(model_entry(model) for model in row.models.all()),
        aliases=tuple(ProviderAliasEntry(name=alias.name, model=alias.model) for alias in row.aliases.all()),
    )


def model_entry(row: ProviderModel) -> ModelEntry:
    return ModelEntry(name=row.name, **_values(row, MODEL_FIELDS))


def alias_entry(row: Alias) -> AliasEntry:
    """An alias with its synonyms and targets."""
    return AliasEntry(
        name=row.name,
        **_values(row, ALIAS_FIELDS) | _absent_where_default(row, SAID_IF_SET),
        synonyms=tuple(SynonymEntry(name=synonym.name) for synonym in row.synonyms.all()),
        targets=tuple(TargetEntry(**_named(target), **_values(target, TARGET_FIELDS)) for target in row.targets.all()),
    )


def pattern_entry(row: PatternAlias) -> PatternEntry:
    return PatternEntry(
        pattern=row.pattern,
        to_alias=row.to_alias.name if row.to_alias is not None else "",
        provider=row.provider.name if row.provider is not None else "",
        model=row.model,
        **_values(row, PATTERN_FIELDS) | _absent_where_default(row, PATTERN_FIELDS),
    )


def route_entry(row: CustomRoute) -> RouteEntry:
    return RouteEntry(
        path=row.path,
        provider=row.provider.name if row.provider is not None else "",
        alias=row.alias.name if row.alias is not None else "",
        **_values(row, ROUTE_FIELDS) | _absent_where_default(row, ROUTE_FIELDS),
    )


def _values(row: Model, fields: Iterable[str]) -> dict[str, Any]:  # Any: each field has its own type
    return {field: getattr(row, field) for field in fields}


def _absent_where_default(row: Model, fields: Iterable[str]) -> dict[str, Any]:  # Any: as above
    return {field: ABSENT for field in fields if getattr(row, field) == default_of(row, field)}


def default_of(row: Model, field: str) -> object:
    """What a new row has in this field."""
    described = row._meta.get_field(field)
    assert isinstance(described, Field)  # nobody asks for a reverse relation
    return described.get_default()


def _named(target: Target) -> dict[str, Any]:  # Any: keyword arguments beside others
    """What a target points at, by name, and where."""
    if target.to_alias is not None:
        return {"to_alias": target.to_alias.name}
    assert target.model is not None  # the database holds it: a target is a model or an alias
    return {"provider": target.model.provider.name, "model": target.model.name, "endpoint": target.endpoint}


def key_of(target: Target) -> tuple[str, str, str, str]:
    """What `TargetEntry.key` is, for a stored one."""
    return TargetEntry(**_named(target)).key
