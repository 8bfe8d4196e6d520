"""What is gone goes first, so that its names are free and nothing points at what will be deleted."""

from collections.abc import Iterable, Mapping

from gateway.interchange.difference import Change, Deed, FieldChange, shown
from gateway.interchange.document import ABSENT, AliasEntry, Document
from gateway.interchange.findings import NOWHERE
from gateway.interchange.snapshot import key_of
from gateway.interchange.store.rows import Rows
from providers.models import Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias


class Leaving(Rows):
    """The rows that one document has no place for."""

    def __init__(self, document: Document, *, prune: bool) -> None:
        super().__init__(prune=prune)
        self.document = document

    def _make_room(self) -> None:
        """Before anything is created or updated."""
        entries = {entry.name: entry for entry in self.document.aliases}
        self._give_up_default(entries)
        if self.prune:
            self._delete_unnamed_paths(entries)
        named = {(entry.name, model.name, "") for entry in self.document.providers for model in entry.models}
        named |= {("", "", name) for name in entries}
        self._empty_aliases(entries, named)
        if self.prune:
            self._delete_unnamed_providers(named)

    def _give_up_default(self, entries: Mapping[str, AliasEntry]) -> None:
        """Before another alias becomes it."""
        for alias in Alias.objects.filter(is_default=True):
            if self._gives_up_default(entries.get(alias.name)):
                alias.is_default = False
                alias.save()
                change = FieldChange(field="is_default", old=shown("", True), new=shown("", False))
                self.changes.append(Change(deed=Deed.UPDATED, kind="alias", name=alias.name, fields=(change,)))

    def _gives_up_default(self, entry: AliasEntry | None) -> bool:
        if entry is None:
            return False
        return entry.is_default is False or (self.prune and entry.is_default is ABSENT)

    def _delete_unnamed_paths(self, aliases: Iterable[str]) -> None:
        """Patterns and routes; also those that point at what will be deleted: where the document names them, they are made anew."""
        named = {("provider", entry.name) for entry in self.document.providers} | {("alias", name) for name in aliases}
        patterns = {entry.pattern for entry in self.document.patterns}
        for pattern in PatternAlias.objects.select_related("to_alias", "provider"):
            if pattern.pattern not in patterns or not _points_at(pattern.to_alias, pattern.provider) <= named:
                self._delete(pattern, "pattern", pattern.pattern)
        paths = {entry.path for entry in self.document.routes}
        for route in CustomRoute.objects.select_related("alias", "provider"):
            if route.path not in paths or not _points_at(route.alias, route.provider) <= named:
                self._delete(route, "route", route.path)

    def _empty_aliases(self, entries: Mapping[str, AliasEntry], named: set[tuple[str, str, str]]) -> None:
        """Targets and synonyms first, then the aliases that are gone.

        `named`: what the file names that a target may point at, as the first three of `TargetEntry.key`.
        """
        doomed = []
        for alias in Alias.objects.prefetch_related("synonyms", "targets__model__provider", "targets__to_alias"):
            entry = entries.get(alias.name)
            if entry is not None:
                self._drop_from(alias, entry, named)
            elif self.prune:
                alias.targets.all().delete()
                doomed.append(alias)
        for alias in doomed:
            self._warn_of_keys(alias)
            self._delete(alias, "alias", alias.name)

    def _drop_from(self, alias: Alias, entry: AliasEntry, named: set[tuple[str, str, str]]) -> None:
        kept_targets = {target.key for target in entry.targets}
        kept_synonyms = {synonym.name for synonym in entry.synonyms}
        for target in alias.targets.all():
            key = key_of(target)
            # What points at something that will be deleted goes before it; where the file names it, it is refused.
            if key not in kept_targets or (self.prune and key[:3] not in named):
                self._delete(target, "target", f"{alias} → {target}")
        for synonym in alias.synonyms.all():
            if synonym.name not in kept_synonyms:
                self._delete(synonym, "synonym", f"{synonym} of {alias}")

    def _delete_unnamed_providers(self, named: set[tuple[str, str, str]]) -> None:
        providers = {entry.name for entry in self.document.providers}
        for model in ProviderModel.objects.select_related("provider").prefetch_related("allowed_keys"):
            if (model.provider.name, model.name, "") not in named:
                self._warn_of_keys(model)
                self._delete(model, "model", str(model))
        for provider in Provider.objects.exclude(name__in=providers):
            self._delete(provider, "provider", provider.name)

    def _warn_of_keys(self, row: Alias | ProviderModel) -> None:
        for key in row.allowed_keys.all():
            self._warn(NOWHERE, f"The client key “{key}” lists “{row}”, which is deleted; it will no longer.")


def _points_at(alias: Alias | None, provider: Provider | None) -> set[tuple[str, str]]:
    named = {("alias", alias.name)} if alias is not None else set()
    return named | ({("provider", provider.name)} if provider is not None else set())
