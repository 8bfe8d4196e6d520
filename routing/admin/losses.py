"""Which aliases lose a target when a provider, a model or another alias is disabled, and which have nobody left."""

from collections.abc import Iterable

from django.db.models import Model, Q

from providers.admin.configuration import shortened
from providers.admin.consequences import SAYERS
from providers.models import Provider, ProviderModel
from routing.checks import WHAT_IT_READS, why_unserved
from routing.models import Alias

MOST_NAMES = 10


def loss_through(row: Model) -> str:
    """Two sentences at most about a row that was just disabled."""
    leads_to_it = _leads_to(row)
    if leads_to_it is None:
        return ""
    losers = list(Alias.objects.filter(leads_to_it, enabled=True).distinct())
    if not losers:
        return ""
    unserved = _unserved([*losers, *_above(losers)])
    left = f" Nobody can serve now: {shortened(unserved, MOST_NAMES)}." if unserved else ""
    return f"“{row}” no longer gets requests from: {shortened([alias.name for alias in losers], MOST_NAMES)}.{left}"


def _leads_to(row: Model) -> Q | None:
    """What an alias with an enabled target there looks like. One condition, so that it is one target that meets it."""
    match row:
        case Provider():
            return Q(targets__enabled=True, targets__model__provider=row)
        case ProviderModel():
            return Q(targets__enabled=True, targets__model=row)
        case Alias():
            return Q(targets__enabled=True, targets__to_alias=row)
    return None


def _above(aliases: Iterable[Alias]) -> list[Alias]:
    """Enabled aliases that lead to one of these through others, however far."""
    seen = below = {alias.pk for alias in aliases}
    found: list[Alias] = []
    while below:
        leads_there = Alias.objects.filter(enabled=True, targets__enabled=True, targets__to_alias__in=below)
        next_ones = list(leads_there.exclude(pk__in=seen).distinct())
        below = {alias.pk for alias in next_ones}
        seen = seen | below
        found += next_ones
    return found


def _unserved(aliases: Iterable[Alias]) -> list[str]:
    """The names of those that nobody can serve, in order."""
    known: dict[int, str | None] = {}
    wanted = Alias.objects.filter(pk__in=[alias.pk for alias in aliases]).prefetch_related(*WHAT_IT_READS)
    return [alias.name for alias in wanted if why_unserved(alias, known)]


SAYERS.append(loss_through)
