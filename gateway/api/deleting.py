"""What a deletion takes along, and what it is told of before."""

from collections.abc import Iterator

from django.db.models import Model

from gateway.consequences import consequences_of
from providers.consequences import Deed
from providers.models import Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias, Target

Pointing = Target | PatternAlias | CustomRoute


def broken_by(row: Model, deed: Deed) -> tuple[str, ...]:
    """What the deed would break, by name; nothing for an alias that only clients know, whatever they may ask for."""
    if isinstance(row, Alias) and not row.allowed_keys.exists() and not any(pointing_at(row)):
        return ()
    return (*consequences_of(row, deed), *(_also_deleted(row) if deed is Deed.DELETING else ()))


def release(row: Model) -> None:
    """Delete what points at a row that is about to be deleted."""
    for one in list(pointing_at(row)):
        one.delete()


def pointing_at(row: Model) -> Iterator[Pointing]:
    """What the database would not let the row be deleted for."""
    match row:
        case Provider():
            yield from Target.objects.filter(model__provider=row)
            yield from PatternAlias.objects.filter(provider=row)
            yield from CustomRoute.objects.filter(provider=row)
        case ProviderModel():
            yield from Target.objects.filter(model=row)
        case Alias():
            yield from Target.objects.filter(to_alias=row)
            yield from PatternAlias.objects.filter(to_alias=row)
            yield from CustomRoute.objects.filter(alias=row)


def _also_deleted(row: Model) -> Iterator[str]:
    """What is off breaks nothing, and would be gone all the same."""
    for one in pointing_at(row):
        if not isinstance(one, Target) and not one.enabled:
            yield f"The {one._meta.verbose_name} “{one}” leads there, is disabled, and would be deleted too."
