"""EDGE: a Document -> the database.

`apply` makes every change for real, through `full_clean()` of every row, inside one transaction, and takes it all back
when something was refused or when it was only asked what would change. So a dry run is as true as the import itself.
"""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from gateway.interchange.difference import Difference
from gateway.interchange.document import (
    ABSENT,
    AliasEntry,
    Document,
    ProviderEntry,
    TargetEntry,
    or_else,
    said_twice,
)
from gateway.interchange.findings import NOWHERE, Place, has_refusals
from gateway.interchange.losses import COUNTED, great_loss
from gateway.interchange.order import places_in_order
from gateway.interchange.snapshot import (
    ALIAS_FIELDS,
    MODEL_FIELDS,
    PROVIDER_FIELDS,
    TARGET_FIELDS,
    key_of,
)
from gateway.interchange.store.names import Names
from gateway.interchange.store.rows import said
from providers import secrets
from providers.addresses import remark_on_url
from providers.models import Endpoint, Provider, ProviderModel, hold_configuration
from routing.models import Alias, CustomRoute, PatternAlias, Synonym, Target

MODELS: Sequence[type[Model]] = (Provider, ProviderModel, Alias, PatternAlias, CustomRoute)
"""Of the kinds in COUNTED, in their order."""


def apply(document: Document, *, prune: bool, dry_run: bool, environment: Mapping[str, str]) -> Difference:
    """Change the database to what the document says, all or nothing.

    `prune`: the document is the whole truth; what it does not name is deleted, what it does not say is set back to its
    default. `environment`: where references are looked up, to warn of those that lead nowhere.
    """
    with transaction.atomic():
        hold_configuration()
        before = _counted_now() if prune else {}
        applying = _Applying(document, prune=prune, environment=environment)
        applying.run()
        is_applied = not dry_run and not has_refusals(applying.findings)
        if not is_applied:
            transaction.set_rollback(True)
    changes = tuple(applying.changes)
    loss = great_loss(changes, before) if prune else ""
    return Difference(changes=changes, findings=tuple(applying.findings), was_applied=is_applied, loss=loss)


def _counted_now() -> dict[str, int]:
    """Kind -> how many there are, of those kinds that a great loss is told by."""
    return {kind: model._default_manager.count() for kind, model in zip(COUNTED, MODELS, strict=True)}


class _Applying(Names):
    """One document on its way into the database, inside a transaction."""

    def __init__(self, document: Document, *, prune: bool, environment: Mapping[str, str]) -> None:
        super().__init__(document, prune=prune)
        self.environment = environment
        self._models: dict[tuple[str, str], ProviderModel] = {}

    def run(self) -> None:
        """Make every change, and find everything that is wrong."""
        if self.prune and not self.document.is_whole:
            self._refuse(NOWHERE, "Only a document with `providers` and `models` can be the whole truth.")
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
        self._patterns()
        self._routes()

    # What is named is created or updated

    def _provider(self, entry: ProviderEntry) -> None:
        row = Provider.objects.filter(name=entry.name).first() or Provider(name=entry.name)
        wanted = said(entry, PROVIDER_FIELDS)
        if _keeps_credential(row, entry):
            del wanted["credential"]
        if entry.extra_headers is not ABSENT:
            kept = [] if entry.kept_headers is ABSENT else entry.kept_headers
            self._warn_of_headers_that_are_not_there(row, entry, kept)
            wanted["extra_headers"] = row.enter_headers(entry.extra_headers, kept)
        is_settled = self._settle(row, entry, wanted, "provider", entry.name)
        if is_settled:
            self._warn_of_credential(row, entry)
            self._warn_of_variables(row, entry)
        else:
            self._refused_names.add(entry.name)
        self._endpoints(row, entry)
        if is_settled:
            self._warn_of_no_address(row, entry)
        stored = {model.name: model for model in row.models.all()} if row.pk else {}
        for one in entry.models:
            model = stored.get(one.name) or ProviderModel(provider=row, name=one.name)
            self._settle(model, one, said(one, MODEL_FIELDS), "model", str(model), parent=row)
        self._provider_aliases(row, entry)

    def _endpoints(self, provider: Provider, entry: ProviderEntry) -> None:
        if entry.endpoints is ABSENT and not self.prune:
            return
        wanted = or_else(entry.endpoints, ())
        stored = {endpoint.api_type: endpoint for endpoint in provider.endpoints.all()} if provider.pk else {}
        for one in wanted:
            row = stored.get(one.api_type) or Endpoint(provider=provider, api_type=one.api_type)
            is_settled = self._settle(
                row, one, said(one, ["base_url"]), "address", f"{provider} {one.api_type}", parent=provider
            )
            if is_settled and (remark := remark_on_url(row.base_url)):
                self._warn(one.place("base_url"), remark)
        if entry.keeps_other_endpoints and not self.prune:
            return
        # Last, since they say to which hosts a stored key may go.
        for api_type in stored.keys() - {one.api_type for one in wanted}:
            self._delete(stored[api_type], "address", f"{provider} {api_type}")

    def _alias(self, entry: AliasEntry) -> Alias:
        row = Alias.objects.filter(name=entry.name).first() or Alias(name=entry.name)
        row.targets_together = ()  # its targets are judged when they are all known
        if not self._settle(row, entry, said(entry, ALIAS_FIELDS), "alias", entry.name):
            self._refused_names.add(entry.name)
        return row

    def _synonyms(self, alias: Alias, entry: AliasEntry) -> None:
        stored = {synonym.name for synonym in alias.synonyms.all()} if alias.pk else set()
        for one in entry.synonyms:
            if one.name not in stored:
                row = Synonym(alias=alias, name=one.name)
                self._settle(row, one, {}, "synonym", f"{one.name} of {alias}", parent=alias)

    def _targets(self, alias: Alias, entry: AliasEntry) -> None:
        stored = {key_of(target): target for target in alias.targets.select_related("model__provider", "to_alias")}
        rows = [stored.get(one.key) or self._new_target(alias, one) for one in entry.targets]
        pairs = [(row, one) for row, one in zip(rows, entry.targets, strict=True) if row is not None]
        positions = places_in_order([row for row, _ in pairs], [one.tier for _, one in pairs])
        alias.targets_together = [row for row, _ in pairs]
        for (row, one), position in zip(pairs, positions, strict=True):
            row.alias = alias
            wanted = said(one, TARGET_FIELDS)
            if row.pk is None:
                row.position = position  # where a new one stands is seen from its neighbours
            else:
                wanted["position"] = position
            self._settle(row, one, wanted, "target", f"{alias} → {one}")
            self._warn_of_disabled(row, one)
        if len(pairs) == len(rows):
            self._judge_together(alias, entry)

    def _judge_together(self, alias: Alias, entry: AliasEntry) -> None:
        try:
            alias.clean_targets(alias.targets_together or ())
        except ValidationError as exc:
            for message in exc.messages:
                self._refuse(entry.place("targets"), message)

    def _new_target(self, alias: Alias, entry: TargetEntry) -> Target | None:
        """A target that is not saved yet; None, and a refusal, when what it points at is not there."""
        if entry.to_alias:
            to_alias = self._aliases.get(entry.to_alias)
            if to_alias is None:
                self._refuse_unless_known(entry, "to_alias", entry.to_alias, f"There is no alias “{entry.to_alias}”.")
                return None
            return Target(alias=alias, to_alias=to_alias, endpoint=entry.endpoint)
        model = self._models.get((entry.provider, entry.model))
        if model is not None:
            return Target(alias=alias, model=model, endpoint=entry.endpoint)
        if Provider.objects.filter(name=entry.provider).exists():
            problem = f"The provider “{entry.provider}” has no model “{entry.model}”. Add it to the provider’s models."
            self._refuse_unless_known(entry, "model", entry.provider, problem)
        else:
            problem = f"There is no provider “{entry.provider}”. Add it, or correct the name."
            self._refuse_unless_known(entry, "provider", entry.provider, problem)
        return None

    # What there is to say

    def _warn_of_credential(self, row: Provider, entry: ProviderEntry) -> None:
        if row.auth == Provider.Auth.NONE:
            return
        if not row.credential:
            cure = "Name the environment variable that holds it, or type it in the admin."
            self._warn(entry.place("credential"), f"The provider “{row}” has no key. {cure}")
        else:
            self._warn_unless_set(row.credential, entry.place("credential"))

    def _warn_of_headers_that_are_not_there(self, row: Provider, entry: ProviderEntry, kept: Sequence[str]) -> None:
        for name in kept:
            if name not in row.extra_headers:
                said = f"No value of the header “{name}” is stored with “{row}”, so it is not sent. "
                self._warn(
                    entry.place("extra_headers"), f"{said}Name the variable that holds it, or type it in the admin."
                )

    def _warn_of_variables(self, row: Provider, entry: ProviderEntry) -> None:
        for value in row.extra_headers.values():
            self._warn_unless_set(value, entry.place("extra_headers"))

    def _warn_unless_set(self, value: str, place: Place) -> None:
        if secrets.is_reference(value) and not self.environment.get(name := secrets.reference_name(value)):
            self._warn(place, f"The environment variable {name} is not set here.")

    def _warn_of_no_address(self, row: Provider, entry: ProviderEntry) -> None:
        # An address that the file names is there, or was refused: then that has been said.
        names_some = entry.endpoints is not ABSENT and bool(entry.endpoints)
        if not names_some and not row.endpoints.exists():
            said = f"The provider “{row}” has no address, so no request can go there. Add one for an API type."
            self._warn(entry.place("endpoints"), said)

    def _warn_of_disabled(self, row: Target, entry: TargetEntry) -> None:
        if row.enabled and row.model is not None and not row.model.provider.enabled:
            self._warn(entry.place(), f"The provider “{entry.provider}” is disabled, so this target gets no requests.")


def _keeps_credential(row: Provider, entry: ProviderEntry) -> bool:
    """Whether the stored key stays. A key that is nowhere else is never lost because a file does not speak of it."""
    if entry.credential is ABSENT:
        return entry.credential_is_kept or not secrets.is_reference(row.credential)
    both = row.credential, entry.credential
    return all(map(secrets.is_reference, both)) and len(set(map(secrets.reference_name, both))) == 1
