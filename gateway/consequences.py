"""What deleting or disabling a row would break, by name, before it is done: the same sentences in the admin and in the API."""

from collections.abc import Iterable, Iterator

from django.db.models import Model

from gateway.models import ClientKey
from providers.consequences import SAYERS, Deed, foreseen
from providers.listing import shortened
from providers.models import Provider, ProviderModel
from routing.consequences import MOST_NAMES
from routing.models import Alias


def consequences_of(row: Model, deed: Deed = Deed.DELETING) -> tuple[str, ...]:
    """Whole sentences for whoever is about to do it; none where nothing breaks."""
    return foreseen(row, deed)


def keys_left_with_nothing(row: Model, deed: Deed) -> Iterator[str]:
    """The client keys that list nothing else: each is left with nothing."""
    match row:
        case Alias():
            names = _left_without(aliases=[row.pk])
        case ProviderModel():
            names = _left_without(models=[row.pk])
        case Provider():
            names = _left_without(models=list(row.models.values_list("pk", flat=True)))
        case _:
            return
    if names:
        yield f"Client keys that could use nothing any more: {shortened(names, MOST_NAMES)}."


def _left_without(aliases: Iterable[int] = (), models: Iterable[int] = ()) -> list[str]:
    """Names of the keys that list some of these, and nothing that is enabled besides."""
    limited = ClientKey.objects.filter(access=ClientKey.Access.LISTED, enabled=True)
    if aliases:
        limited = limited.filter(allowed_aliases__in=aliases)
    else:
        limited = limited.filter(allowed_models__in=models)
    others = Alias.objects.filter(enabled=True).exclude(pk__in=aliases)
    other_models = ProviderModel.objects.filter(enabled=True, provider__enabled=True).exclude(pk__in=models)
    left = limited.exclude(allowed_aliases__in=others).exclude(allowed_models__in=other_models)
    return list(left.distinct().values_list("name", flat=True))


SAYERS.append(keys_left_with_nothing)
