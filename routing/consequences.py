"""Which names and aliases break when a provider, a model, an alias, a synonym or a target goes or is disabled."""

from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from providers.consequences import SAYERS, Deed
from providers.listing import shortened
from providers.models import Provider, ProviderModel
from routing.checks import WHAT_IT_READS, why_unserved
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias, Synonym, Target

MOST_NAMES = 10


def what_breaks(row: Model, deed: Deed) -> Iterator[str]:
    """One sentence on who uses it, one on who would have nobody left, one on names that would not be found."""
    if users := _users_of(row):
        subject = "1 alias uses" if len(users) == 1 else f"{len(users)} aliases use"
        yield f"{subject} the {row._meta.verbose_name} “{row}”: {_listed(users)}."
    if unserved := _newly_unserved(row):
        yield f"Nobody could serve any more: {_listed(unserved)}."
    if lost := _lost_names(row, deed):
        yield f"Requests would no longer find: {shortened(lost, MOST_NAMES)}."


def _users_of(row: Model) -> list[Alias]:
    """Enabled aliases with an enabled target there."""
    leads_to_it = _leads_to(row)
    if leads_to_it is None or isinstance(row, Target):
        return []
    ids = leads_to_it.filter(enabled=True, alias__enabled=True).values("alias")
    return list(Alias.objects.filter(pk__in=ids))


def _leads_to(row: Model) -> QuerySet[Target] | None:
    """The targets that are of no use without this row."""
    match row:
        case Provider():
            return Target.objects.filter(model__provider=row)
        case ProviderModel():
            return Target.objects.filter(model=row)
        case Alias():
            return Target.objects.filter(to_alias=row)
        case Target():
            return Target.objects.filter(pk=row.pk)
    return None


def _newly_unserved(row: Model) -> list[Alias]:
    """The enabled aliases that somebody can serve now, and nobody without this row. Found by doing it, and taking it back."""
    leads_to_it = _leads_to(row)
    if leads_to_it is None:
        return []
    losers = Alias.objects.filter(pk__in=leads_to_it.filter(enabled=True).values("alias"), enabled=True)
    concerned = [*losers, *_above(losers)]
    before = _unserved(concerned)
    with transaction.atomic():
        leads_to_it.update(enabled=False)
        after = _unserved(concerned)
        transaction.set_rollback(True)
    return [alias for alias in after if alias not in before]


def _above(aliases: Iterable[Alias]) -> list[Alias]:
    """Enabled aliases that lead to one of these through others, however far."""
    seen = below = {alias.pk for alias in aliases}
    found: list[Alias] = []
    while below:
        leads_there = Q(targets__enabled=True, targets__to_alias__in=below)
        next_ones = list(Alias.objects.filter(leads_there, enabled=True).exclude(pk__in=seen).distinct())
        below = {alias.pk for alias in next_ones}
        seen = seen | below
        found += next_ones
    return found


def _unserved(aliases: Iterable[Alias]) -> list[Alias]:
    """Those that nobody can serve, in order."""
    known: dict[int, str | None] = {}
    wanted = Alias.objects.filter(pk__in=[alias.pk for alias in aliases]).prefetch_related(*WHAT_IT_READS)
    return [alias for alias in wanted if why_unserved(alias, known)]


def _lost_names(row: Model, deed: Deed) -> list[str]:
    match row:
        case Alias(enabled=True):
            return [row.name, *row.synonyms.values_list("name", flat=True)]
        case Synonym() if row.alias.enabled and deed is Deed.DELETING:
            return [row.name]
    return []


def what_leads_nowhere(row: Model, deed: Deed) -> Iterator[str]:
    """One sentence on patterns, routes and providers' own aliases that end here, one on requests that name no model."""
    if leading := list(_leading_here(row)):
        yield f"Names and paths that would lead nowhere: {shortened(leading, MOST_NAMES)}."
    if isinstance(row, Alias) and row.enabled and row.is_default:
        yield "Requests that name no model would be refused: this is the default alias."


def _leading_here(row: Model) -> Iterator[str]:
    match row:
        case Alias():
            yield from _said(PatternAlias.objects.filter(to_alias=row, enabled=True), "pattern")
            yield from _said(CustomRoute.objects.filter(alias=row, enabled=True), "route")
        case Provider():
            yield from _said(PatternAlias.objects.filter(provider=row, enabled=True), "pattern")
            yield from _said(CustomRoute.objects.filter(provider=row, enabled=True), "route")
        case ProviderModel():
            exactly = {"provider": row.provider, "model": row.name}
            yield from _said(PatternAlias.objects.filter(**exactly, enabled=True), "pattern")
            yield from _said(ProviderAlias.objects.filter(**exactly), "provider alias")


def _said(rows: Iterable[Model], kind: str) -> Iterator[str]:
    yield from (f"{kind} {row}" for row in rows)


def _listed(aliases: Iterable[Alias]) -> str:
    return shortened([alias.name for alias in aliases], MOST_NAMES)


SAYERS.append(what_breaks)
SAYERS.append(what_leads_nowhere)
