"""A backend: a provider, or groups of them, which are tiers -> our providers, and what names mean to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.interchange.agentgateway.credentials import Auth, Secrets
from gateway.interchange.agentgateway.policies import NOTHING, Meant, Policies, read_policies
from gateway.interchange.agentgateway.ways import Way, read_way
from gateway.interchange.document import ABSENT, ModelEntry, ProviderAliasEntry, ProviderEntry
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.found_providers import FoundProviders
from gateway.interchange.known_addresses import AZURE_HEADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """One provider of a backend."""

    provider: str
    """Its name here."""
    tier: int
    model: str
    """What it is asked for, whatever a request names; "" for what a request names."""
    aliases: Mapping[str, Meant]
    """Its own; empty where those of the backend hold for it."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What a route leads to."""

    name: str
    behind: Sequence[Behind]
    aliases: Mapping[str, Meant]
    api_type: str
    """What a path means that is not known; "" for chat."""
    place: Place


def read_backend(name: str, ai: Fields, policies: Policies, secrets: Secrets, found: FoundProviders) -> Backend | None:
    """`policies`: what holds for the whole backend. None, and refusals, when there is nobody behind it."""
    behind = list(_all_behind(name, ai, policies, secrets, found))
    own_policies = ai.inner("policies")
    if own_policies is not None:
        policies = policies.under(read_policies(own_policies, name, secrets))
    ai.ignore_the_rest(("provider", "groups", "policies"))
    if not behind:
        return None
    return Backend(name=name, behind=behind, aliases=policies.aliases, api_type=policies.api_type, place=ai.where[""])


def _all_behind(name: str, ai: Fields, policies: Policies, secrets: Secrets, found: FoundProviders) -> Iterator[Behind]:
    if "groups" not in ai:
        holder = ai.inner("provider") if "provider" in ai and "hostOverride" not in ai and "name" not in ai else ai
        if holder is not None:
            yield from _one(name, 0, holder, policies, secrets, found)
        return
    groups = list(ai.mappings("groups"))
    alone = sum(len(group.items_at("providers")) for group in groups) == 1
    for tier, group in enumerate(groups):
        for provider in group.mappings("providers"):
            own = provider.text("name", "name")
            wanted = name if own is ABSENT or not own or alone else own
            yield from _one(wanted, tier, provider, policies, secrets, found)
        group.ignore_the_rest(("providers",))


def _one(
    wanted: str, tier: int, fields: Fields, policies: Policies, secrets: Secrets, found: FoundProviders
) -> Iterator[Behind]:
    own = fields.inner("policies")
    specific = NOTHING if own is None else read_policies(own, wanted, secrets)
    together = policies.under(specific)
    way = read_way(fields, is_secure=together.is_secure)
    fields.ignore("tokenize", "Nothing is counted here: tokens are those that the provider tells.")
    fields.ignore("weight", "Every provider of a group gets the same share here.")
    if "name" in fields:
        fields.text("name", "name")
    fields.ignore_the_rest(("host", "port", "path", "pathPrefix"))
    if way is None:
        return
    provider, _ = found.name_of(object(), wanted, lambda name: entry_of(name, way, together.auth, fields))
    if provider != wanted:
        message = f"The provider is “{provider}” here."
        fields.findings.append(Finding(kind=Kind.ADAPTED, place=fields.where[""], message=message))
    yield Behind(provider=provider, tier=tier, model=way.model, aliases=specific.aliases, place=way.place)


def entry_of(name: str, way: Way, auth: Auth | None, fields: Fields) -> ProviderEntry:
    """A provider that is asked for whatever model it is: unknown ones fail there."""
    shown = auth or Auth(auth="none" if way.kind in ("ollama", "vllm", "custom", "openaicompatible") else "bearer")
    is_azure = way.is_azure and shown.auth == "bearer"
    return ProviderEntry(
        name=name,
        enabled=ABSENT if way.is_spoken else False,
        auth="header" if is_azure else shown.auth,
        auth_header=AZURE_HEADER if is_azure else "",
        credential=shown.credential,
        takes_any_model=True,
        endpoints=way.endpoints(),
        keeps_other_endpoints=True,
        where={**fields.where, "": way.place},
    )


def with_model(found: FoundProviders, provider: str, model: str, place: Place) -> None:
    """Name a model of a provider, so that it may stand behind an alias."""
    found.add_model(provider, ModelEntry(name=model, where={"": place}))


def with_aliases(found: FoundProviders, behind: Behind, aliases: Mapping[str, Meant]) -> None:
    """Give a provider aliases of its own."""
    entries = tuple(
        ProviderAliasEntry(name=name, model=meant.model, where={"": meant.place}) for name, meant in aliases.items()
    )
    found.change(behind.provider, lambda entry: replace(entry, aliases=entries))
