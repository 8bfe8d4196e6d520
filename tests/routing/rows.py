"""Rows of configuration for tests, each judged by its own rules before it is saved; and what those rules say."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model

from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, Synonym, Target
from tests.gateways import saved

Refusals = dict[str, list[str]]


def a_provider(name: str = "openai", *, api_types: tuple[str, ...] = ("chat",), **fields: Any) -> Provider:
    """The provider of this name, made if there is none, with a public address for each API type."""
    found = Provider.objects.filter(name=name).first()
    if found is not None:
        return found
    provider = saved(Provider(name=name, **fields))
    for api_type in api_types:
        saved(Endpoint(provider=provider, api_type=api_type, base_url=f"https://{name}.example.com/v1"))
    return provider


def a_model(name: str = "openai/gpt-4o-mini", **fields: Any) -> ProviderModel:
    """`provider/model`, with its provider."""
    provider, _, model = name.partition("/")
    return saved(ProviderModel(provider=a_provider(provider), name=model, **fields))


def an_alias(name: str, *behind: ProviderModel | Alias, synonyms: tuple[str, ...] = (), **fields: Any) -> Alias:
    """An alias with these behind it, in order."""
    alias = saved(Alias(name=name, **fields))
    for position, what in enumerate(behind):
        a_target(alias, what, position=position)
    for synonym in synonyms:
        saved(Synonym(alias=alias, name=synonym))
    return alias


def a_target(alias: Alias, behind: ProviderModel | Alias, **fields: Any) -> Target:
    """One more target of an alias, saved."""
    return saved(target_of(alias, behind, **fields))


def target_of(alias: Alias, behind: ProviderModel | Alias, **fields: Any) -> Target:
    """One more target of an alias, neither judged nor saved."""
    what = {"to_alias": behind} if isinstance(behind, Alias) else {"model": behind}
    return Target(alias=alias, **what, **fields)


def refusals(row: Model) -> Refusals:
    """Field -> codes of what `full_clean()` has against the row; empty when it has nothing."""
    return refusals_of(row.full_clean)


def refusals_of(judge: Callable[[], object]) -> Refusals:
    """Field -> codes of the ValidationError that `judge` raises."""
    try:
        judge()
    except ValidationError as exc:
        if not hasattr(exc, "error_dict"):
            return {"": [error.code or "" for error in exc.error_list]}
        return {field: [error.code or "" for error in errors] for field, errors in exc.error_dict.items()}
    return {}


def message(row: Model, field: str) -> str:
    """What `full_clean()` says beside this field: one sentence or more."""
    with pytest.raises(ValidationError) as refusal:
        row.full_clean()
    return " ".join(refusal.value.message_dict[field])
