"""EDGE: the configuration in the database <-> a Document.

`apply` makes every change for real, through `full_clean()` of every row, inside one transaction, and takes it all back
when something was refused or when it was only asked what would change. So a dry run is as true as the import itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction

from gateway.interchange.difference import Change, Deed, Difference, FieldChange
from gateway.interchange.document import (
    ABSENT,
    AliasEntry,
    Document,
    EndpointEntry,
    Entry,
    ModelEntry,
    ProviderEntry,
    SynonymEntry,
    TargetEntry,
    said_twice,
)
from gateway.interchange.findings import NOWHERE, Finding, Kind, Place, has_refusals
from providers import secrets
from providers.models import Endpoint, Provider, ProviderModel, hold_configuration
from routing.models import Alias, Synonym, Target

PROVIDER_FIELDS = (
    *("display_name", "enabled", "auth", "auth_header", "credential", "extra_headers", "asks_stream_usage"),
    *("connect_timeout_seconds", "first_byte_timeout_seconds", "idle_timeout_seconds", "answer_timeout_seconds"),
)
MODEL_FIELDS = (
    *("enabled", "api_types", "context_length"),
    *("input_usd_per_mtok", "output_usd_per_mtok", "cached_input_usd_per_mtok"),
)
ALIAS_FIELDS = ("description", "enabled", "listed", "selector", "weight_mode", "answer_model")
TARGET_FIELDS = ("weight", "tier", "enabled")

Row = Provider | Endpoint | ProviderModel | Alias | Synonym | Target


# Out ---------------------------------------------------------------------------------------------


def current() -> Document:
    """All configuration that the database holds, in a stable order, without a single secret."""
    providers = Provider.objects.prefetch_related("endpoints", "models")
    aliases = Alias.objects.prefetch_related("synonyms", "targets__model__provider", "targets__to_alias")
    return Document(
        providers=tuple(_provider_entry(provider) for provider in providers),
        aliases=tuple(_alias_entry(alias) for alias in aliases),
    )


def _provider_entry(row: Provider) -> ProviderEntry:
    stored = _values(row, PROVIDER_FIELDS)
    is_reference = secrets.is_reference(row.credential)
    return ProviderEntry(
        name=row.name,
        **stored | {"credential": row.credential if is_reference else ABSENT},
        credential_is_kept=bool(row.credential) and not is_reference,
        endpoints=tuple(EndpointEntry(api_type=one.api_type, base_url=one.base_url) for one in row.endpoints.all()),
        models=tuple(ModelEntry(name=model.name, **_values(model, MODEL_FIELDS)) for model in row.models.all()),
    )


def _alias_entry(row: Alias) -> AliasEntry:
    return AliasEntry(
        name=row.name,
        **_values(row, ALIAS_FIELDS),
        synonyms=tuple(SynonymEntry(name=synonym.name) for synonym in row.synonyms.all()),
        targets=tuple(
            TargetEntry(**_named(target), **_values(target, TARGET_FIELDS), endpoint=target.endpoint)
            for target in row.targets.all()
        ),
    )


def _values(row: Row, fields: Iterable[str]) -> dict[str, Any]:  # Any: each field has its own type
    return {field: getattr(row, field) for field in fields}


def _named(target: Target) -> dict[str, str]:
    """What a target points at, by name."""
    if target.to_alias is not None:
        return {"to_alias": target.to_alias.name}
    assert target.model is not None  # the database holds it: a target is a model or an alias
    return {"provider": target.model.provider.name, "model": target.model.name}


# In ----------------------------------------------------------------------------------------------


def apply(document: Document, *, prune: bool, dry_run: bool, environment: Mapping[str, str]) -> Difference:
    """Change the database to what the document says, all or nothing.

    `prune`: the document is the whole truth; what it does not name is deleted, what it does not say is set back to its
    default. `environment`: where references are looked up, to warn of those that lead nowhere.
    """
    with transaction.atomic():
        hold_configuration()
        applying = _Applying(document, prune=prune, environment=environment)
        applying.run()
        is_applied = not dry_run and not has_refusals(applying.findings)
        if not is_applied:
            transaction.set_rollback(True)
    return Difference(changes=tuple(applying.changes), findings=tuple(applying.findings), was_applied=is_applied)


class _Applying:
    """One document on its way into the database, inside a transaction."""

    def __init__(self, document: Document, *, prune: bool, environment: Mapping[str, str]) -> None:
        self.document = document
        self.prune = prune
        self.environment = environment
        self.changes: list[Change] = []
        self.findings: list[Finding] = []
        self._refused_names: set[str] = set()
        """Providers and aliases that were refused: what points at them need not be refused as well."""
        self._models: dict[tuple[str, str], ProviderModel] = {}
        self._aliases: dict[str, Alias] = {}

    def run(self) -> None:
        """Make every change, and find everything that is wrong."""
        if self.prune and not self.document.is_whole:
            self._refuse(NOWHERE, "Only a file with `providers` and `models` can be the whole truth (--prune).")
            return
        self.findings += said_twice(self.document)
        if has_refusals(self.findings):
            return
        self._make_room()
        for provider in self.document.providers:
            self._provider(provider)
        self._models = {
            (model.provider.name, model.name): model for model in ProviderModel.objects.select_related("provider")
        }
        rows = [(self._alias(entry), entry) for entry in self.document.aliases]
        for alias, entry in rows:
            self._synonyms(alias, entry)
        self._aliases = {alias.name: alias for alias in Alias.objects.all()}
        for alias, entry in rows:
            if alias.pk:
                self._targets(alias, entry)

    # What is gone goes first, so that its names are free and nothing points at what will be deleted

    def _make_room(self) -> None:
        named = {entry.name: entry for entry in self.document.aliases}
        models = {(entry.name, model.name) for entry in self.document.providers for model in entry.models}
        doomed = []
        for alias in Alias.objects.prefetch_related("synonyms", "targets__model__provider", "targets__to_alias"):
            entry = named.get(alias.name)
            if entry is not None:
                self._drop_from(alias, entry, models)
            elif self.prune:
                alias.targets.all().delete()
                doomed.append(alias)
        for alias in doomed:
            self._delete_alias(alias)
        if self.prune:
            self._delete_unnamed_providers(models)

    def _drop_from(self, alias: Alias, entry: AliasEntry, models: set[tuple[str, str]]) -> None:
        kept_targets = {target.key for target in entry.targets}
        kept_synonyms = {synonym.name for synonym in entry.synonyms}
        for target in alias.targets.all():
            key = _key(target)
            if key not in kept_targets or (self.prune and not key[2] and key[:2] not in models):
                self._delete(target, "target", f"{alias} → {target}")
        for synonym in alias.synonyms.all():
            if synonym.name not in kept_synonyms:
                self._delete(synonym, "synonym", f"{synonym} of {alias}")

    def _delete_alias(self, alias: Alias) -> None:
        for name in alias.allowed_keys.values_list("name", flat=True):
            self._warn(NOWHERE, f"The client key “{name}” may no longer use “{alias}”, which is deleted.")
        self._delete(alias, "alias", alias.name)

    def _delete_unnamed_providers(self, models: set[tuple[str, str]]) -> None:
        named = {entry.name for entry in self.document.providers}
        for model in ProviderModel.objects.select_related("provider"):
            if model.provider.name in named and (model.provider.name, model.name) not in models:
                self._delete(model, "model", str(model))
        for provider in Provider.objects.exclude(name__in=named):
            self._delete(provider, "provider", provider.name)

    # What is named is created or updated

    def _provider(self, entry: ProviderEntry) -> None:
        row = Provider.objects.filter(name=entry.name).first() or Provider(name=entry.name)
        is_settled = self._settle(row, entry, PROVIDER_FIELDS, "provider", entry.name)
        if not is_settled:
            self._refused_names.add(entry.name)
        self._endpoints(row, entry)
        for model_entry in entry.models:
            model = self._stored(ProviderModel, row, name=model_entry.name)
            self._settle(model, model_entry, MODEL_FIELDS, "model", f"{entry.name}/{model_entry.name}")
        if is_settled:
            self._warn_of_credential(row, entry)

    def _endpoints(self, provider: Provider, entry: ProviderEntry) -> None:
        said = () if self.prune and entry.endpoints is ABSENT else entry.endpoints
        if said is ABSENT:
            return
        gone = provider.endpoints.exclude(api_type__in=[one.api_type for one in said]) if provider.pk else ()
        for endpoint in gone:
            self._delete(endpoint, "address", f"{provider} {endpoint.api_type}")
        for one in said:
            row = self._stored(Endpoint, provider, api_type=one.api_type)
            self._settle(row, one, ("base_url",), "address", f"{provider} {one.api_type}")

    def _stored[T](self, *args: object) -> None: ...
