"""What the database holds of names and paths -> the parts of a routing table."""

import logging

from providers.models import Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias
from routing.names import Entrance, Pattern, ProviderNames
from routing.paths import SERVED, objection_to_path
from routing.store.upstreams import upstream, why_malformed
from routing.wildcards import WILDCARD, longest_first

logger = logging.getLogger(__name__)


def default() -> str:
    """The alias for requests that name no model, if it is enabled."""
    return Alias.objects.filter(is_default=True, enabled=True).values_list("name", flat=True).first() or ""


def patterns() -> tuple[Pattern, ...]:
    """Those that are enabled, the longest first."""
    rows = PatternAlias.objects.filter(enabled=True).select_related("to_alias", "provider")
    found = {row.pattern: _pattern(row) for row in rows if row.pattern.count(WILDCARD) == 1}
    return tuple(found[pattern] for pattern in longest_first(found))


def _pattern(row: PatternAlias) -> Pattern:
    if row.to_alias is not None:
        return Pattern(pattern=row.pattern, alias=row.to_alias.name)
    assert row.provider is not None  # the database holds it: one of the two
    return Pattern(pattern=row.pattern, provider=row.provider.name, model=row.model)


def of_providers() -> dict[str, ProviderNames]:
    """By name, those that have aliases of their own or take any model."""
    rows = Provider.objects.prefetch_related("aliases", "endpoints")
    return {row.name: _names(row) for row in rows if row.takes_any_model or row.aliases.all()}


def _names(row: Provider) -> ProviderNames:
    own = {alias.name: alias.model for alias in row.aliases.all()}
    wild = [name for name in own if WILDCARD in name]
    nobody = ProviderModel(provider=row, name="")
    objection, template = "", None
    if row.takes_any_model:
        objection = why_malformed(nobody) or ("" if row.enabled else f"the provider “{row}” is disabled")
        if not objection:
            try:
                template = upstream(nobody, key="", endpoint="")
            except ValueError:
                objection = f"an address of “{row}” cannot be called; save it anew"
    return ProviderNames(
        own={name: model for name, model in own.items() if name not in wild},
        own_patterns=tuple((name, own[name]) for name in longest_first(wild)),
        template=template,
        objection=objection,
    )


def entrances() -> dict[str, Entrance]:
    """By path, those that are enabled. One that was written past its rules must not stand where something else does."""
    found = {}
    for row in CustomRoute.objects.filter(enabled=True).select_related("provider", "alias"):
        if objection := objection_to_path(row.path):
            logger.warning("The custom route “%s” is not used: %s", row.path, objection[1])
        elif row.api_type not in SERVED:
            logger.warning("The custom route “%s” is not used: “%s” is not served.", row.path, row.api_type)
        else:
            found[row.path] = _entrance(row)
    return found


def _entrance(row: CustomRoute) -> Entrance:
    return Entrance(
        path=row.path,
        api_type=row.api_type,
        provider=row.provider.name if row.provider is not None else "",
        alias=row.alias.name if row.alias is not None else "",
    )
