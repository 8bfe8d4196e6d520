"""What a document says of names and paths: patterns, providers' own aliases, custom routes."""

from gateway.interchange.document import ABSENT, Document, PatternEntry, ProviderEntry, RouteEntry, or_else
from gateway.interchange.snapshot import PATTERN_FIELDS, ROUTE_FIELDS
from gateway.interchange.store.leaving import Leaving
from gateway.interchange.store.rows import said
from providers.models import Provider
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias


class Names(Leaving):
    """Those of one document."""

    def __init__(self, document: Document, *, prune: bool) -> None:
        super().__init__(document, prune=prune)
        self._aliases: dict[str, Alias] = {}
        """All that there are, once those of the document are saved."""

    def _provider_aliases(self, provider: Provider, entry: ProviderEntry) -> None:
        if entry.aliases is ABSENT and not self.prune:
            return
        wanted = or_else(entry.aliases, ())
        stored = {alias.name: alias for alias in provider.aliases.all()} if provider.pk else {}
        for name in stored.keys() - {one.name for one in wanted}:
            self._delete(stored[name], "provider alias", f"{name} of {provider}")
        for one in wanted:
            row = stored.get(one.name) or ProviderAlias(provider=provider, name=one.name)
            self._settle(row, one, {"model": one.model}, "provider alias", f"{one.name} of {provider}", parent=provider)

    def _patterns(self) -> None:
        stored = {pattern.pattern: pattern for pattern in PatternAlias.objects.select_related("to_alias", "provider")}
        for entry in self.document.patterns:
            row = stored.get(entry.pattern) or PatternAlias(pattern=entry.pattern)
            found = self._pointed_at(entry, entry.to_alias, entry.provider)
            if found is not None:
                alias, provider = found
                wanted = {"to_alias": alias, "provider": provider, "model": entry.model} | said(entry, PATTERN_FIELDS)
                self._settle(row, entry, wanted, "pattern", entry.pattern)

    def _routes(self) -> None:
        stored = {route.path: route for route in CustomRoute.objects.select_related("alias", "provider")}
        for entry in self.document.routes:
            row = stored.get(entry.path) or CustomRoute(path=entry.path)
            found = self._pointed_at(entry, entry.alias, entry.provider)
            if found is not None:
                alias, provider = found
                wanted = {"alias": alias, "provider": provider} | said(entry, ROUTE_FIELDS)
                self._settle(row, entry, wanted, "route", entry.path)

    def _pointed_at(
        self, entry: PatternEntry | RouteEntry, alias: str, provider: str
    ) -> tuple[Alias | None, Provider | None] | None:
        """The rows of these names; None, and a refusal, when one is not there."""
        found_alias = self._aliases.get(alias)
        found_provider = Provider.objects.filter(name=provider).first() if provider else None
        if alias and found_alias is None:
            field = "to_alias" if isinstance(entry, PatternEntry) else "alias"
            self._refuse_unless_known(entry, field, alias, f"There is no alias “{alias}”.")
        elif provider and found_provider is None:
            problem = f"There is no provider “{provider}”. Add it, or correct the name."
            self._refuse_unless_known(entry, "provider", provider, problem)
        else:
            return found_alias, found_provider
        return None
