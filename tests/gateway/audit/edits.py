"""Edits that operators make, each a function that changes rows by their rules, or refuses.

The names are few, so that edits meet: one takes the name that another has just given up.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Model
from hypothesis import strategies as st

from gateway.models import ClientKey
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias, Synonym, Target

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]  # Any: whatever is drawn
PROVIDERS = ("openai", "azure", "vault")
KEEPS_A_KEY = "vault"
"""The one provider with a stored key: the others name a variable, so that a rollback finds theirs again."""
HEADERS = [{}, {"X-Team": "$TEAM"}, {"X-Team": "$OTHER", "X-A": "", "X-Title": "one"}]
STORED_HEADERS = [{"X-Title": "always", "X-Team": value} for value in ("one", "two")]
"""Sealed, so they stay as a stored key does: a rollback brings back that there is one."""
NAMES = ("fast", "smart", "cheap", "code", "vision")
MODELS = ("small", "large", "embed")
SELECTORS = ("random", "in_order", "round_robin")


def saved(row: Model) -> None:
    """Raises ValidationError."""
    row.full_clean()
    row.save()


def one_of(draw: Draw, rows: Iterable[T]) -> T | None:
    choices = list(rows)
    return draw(st.sampled_from(choices)) if choices else None


def add_provider(draw: Draw) -> None:
    name = draw(st.sampled_from(PROVIDERS))
    credential = "sk-stored" if name == KEEPS_A_KEY else f"${name.upper()}_KEY"
    provider = Provider(name=name, credential=credential)
    if name == KEEPS_A_KEY:
        provider.extra_headers = STORED_HEADERS[0]
    saved(provider)
    saved(Endpoint(provider=provider, api_type="chat", base_url=f"https://{name}.example.com/v1"))


def change_provider(draw: Draw) -> None:
    provider = one_of(draw, Provider.objects.all())
    if provider is None:
        return
    match draw(st.sampled_from(["title", "enabled", "headers", "seconds", "credential", "flight"])):
        case "title":
            provider.display_name = draw(st.sampled_from(["", "The first", "“Quoted” & <b>", "yes", "~", "007"]))
        case "enabled":
            provider.enabled = not provider.enabled
        case "headers":
            is_kept = provider.name == KEEPS_A_KEY
            provider.extra_headers = draw(st.sampled_from(STORED_HEADERS if is_kept else HEADERS))
        case "seconds":
            provider.answer_timeout_seconds = draw(st.sampled_from([None, 5.0, 0.5, 30.25]))
        case "credential":
            is_kept = provider.name == KEEPS_A_KEY
            provider.credential = (
                f"sk-{draw(st.integers(0, 9))}" if is_kept else draw(st.sampled_from(["$A_KEY", "$B_KEY"]))
            )
        case "flight":
            provider.max_in_flight = draw(st.sampled_from([None, 1, 64]))
    saved(provider)


def add_model(draw: Draw) -> None:
    provider = one_of(draw, Provider.objects.all())
    if provider is not None:
        saved(ProviderModel(provider=provider, name=draw(st.sampled_from(MODELS))))


def change_model(draw: Draw) -> None:
    model = one_of(draw, ProviderModel.objects.select_related("provider"))
    if model is None:
        return
    price = draw(st.sampled_from([None, Decimal("0.15"), Decimal(3), Decimal("0.000001")]))
    model.input_usd_per_mtok = model.output_usd_per_mtok = price
    model.context_length = draw(st.sampled_from([None, 4096, 128_000]))
    model.enabled = draw(st.booleans())
    saved(model)


def add_alias(draw: Draw) -> None:
    alias = Alias(name=draw(st.sampled_from(NAMES)), selector=draw(st.sampled_from(SELECTORS)))
    saved(alias)


def change_alias(draw: Draw) -> None:
    alias = one_of(draw, Alias.objects.all())
    if alias is None:
        return
    match draw(st.sampled_from(["description", "enabled", "listed", "selector", "attempts", "name", "default"])):
        case "description":
            alias.description = draw(st.sampled_from(["", "Short answers", "line: two", "#1", "null", " edge"]))
        case "enabled":
            alias.enabled = not alias.enabled
        case "listed":
            alias.listed = not alias.listed
        case "selector":
            alias.selector = draw(st.sampled_from(SELECTORS))
        case "attempts":
            alias.max_attempts = draw(st.sampled_from([None, 1, 3, 10]))
        case "name":
            alias.name = draw(st.sampled_from(NAMES))
        case "default":
            alias.is_default = not alias.is_default
    saved(alias)


def add_target(draw: Draw) -> None:
    alias = one_of(draw, Alias.objects.all())
    behind = one_of(draw, [*ProviderModel.objects.select_related("provider"), *Alias.objects.all()])
    if alias is None or behind is None:
        return
    what = {"to_alias": behind} if isinstance(behind, Alias) else {"model": behind}
    weight, tier = draw(st.sampled_from([None, 1, 50])), draw(st.integers(0, 2))
    saved(Target(alias=alias, weight=weight, tier=tier, position=draw(st.integers(0, 3)), **what))


def change_target(draw: Draw) -> None:
    target = one_of(draw, Target.objects.all())
    if target is not None:
        target.weight = draw(st.sampled_from([None, 1, 7, 90]))
        target.position = draw(st.integers(0, 3))
        target.tier = draw(st.integers(0, 2))
        target.conditions = draw(st.sampled_from([[], ["timeout"], ["rate_limited", "timeout"]]))
        saved(target)


def add_synonym(draw: Draw) -> None:
    alias = one_of(draw, Alias.objects.all())
    if alias is not None:
        saved(Synonym(alias=alias, name=draw(st.sampled_from([*NAMES, "quick"]))))


def add_pattern(draw: Draw) -> None:
    alias = one_of(draw, Alias.objects.all())
    if alias is not None:
        saved(PatternAlias(pattern=draw(st.sampled_from(["gpt-*", "gpt-4*", "claude-*"])), to_alias=alias))


def add_route(draw: Draw) -> None:
    provider = one_of(draw, Provider.objects.all())
    saved(CustomRoute(path=draw(st.sampled_from(["/openai", "/team/one"])), provider=provider))


def add_name_at_provider(draw: Draw) -> None:
    provider = one_of(draw, Provider.objects.all())
    if provider is not None:
        saved(ProviderAlias(provider=provider, name=draw(st.sampled_from(NAMES)), model=draw(st.sampled_from(MODELS))))


def delete_something(draw: Draw) -> None:
    """Raises ProtectedError where something stands on it."""
    kinds = [Alias, Target, Synonym, ProviderModel, Provider, PatternAlias, CustomRoute, ProviderAlias, ClientKey]
    rows: Any = draw(st.sampled_from(kinds))  # Any: each has a manager of its own
    row = one_of(draw, rows.objects.all())
    if row is not None:
        row.delete()


def make_key(draw: Draw) -> None:
    key = ClientKey(name=f"key {draw(st.integers(0, 3))}", access=ClientKey.Access.LISTED)
    key.make()
    saved(key)
    key.allowed_aliases.set([alias for alias in Alias.objects.all() if draw(st.booleans())])


EDITS = (
    *(add_provider, change_provider, add_model, change_model, add_alias, change_alias, change_alias, add_target),
    *(add_target, change_target, add_synonym, add_pattern, add_route, add_name_at_provider, delete_something, make_key),
)
