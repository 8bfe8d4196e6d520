"""A client key -> what a body says of it. Whoever is named in it must be there."""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from gateway.api.entries import Body
from gateway.api.pointers import Wrong, pointer
from gateway.api.problems import Refused, refused
from gateway.models import ClientKey
from providers.models import ProviderModel
from routing.models import Alias, ClaimedName

PLAIN = ["name", "enabled", "expires_at", "access"]
"""The fields that a body says as they are kept."""


def fill(key: ClientKey, body: Body, *, is_whole: bool) -> None:
    """Give the key what the body says, and save it. Raises Refused."""
    for name in PLAIN:
        if name in body:
            setattr(key, name, body[name])
        elif is_whole:
            setattr(key, name, ClientKey._meta.get_field(name).get_default())  # type: ignore[union-attr]  # no relations
    if "owner" in body or is_whole:
        key.owner = owner_called(body.get("owner"))
    aliases = [alias_called(name, place) for place, name in enumerate(body.get("allowed_aliases", ()))]
    models = [model_called(name, place) for place, name in enumerate(body.get("allowed_models", ()))]
    try:
        key.full_clean()
    except ValidationError as exc:
        raise refused(exc) from exc
    key.save()
    if "allowed_aliases" in body or is_whole:
        key.allowed_aliases.set(aliases)
    if "allowed_models" in body or is_whole:
        key.allowed_models.set(models)


def owner_called(name: str | None) -> User | None:
    """Raises Refused."""
    if name is None:
        return None
    found = User.objects.filter(username=name).first()
    if found is None:
        raise Refused([Wrong(pointer=pointer("owner"), message="There is no user of this name.", code="unknown")])
    return found


def alias_called(name: str, place: int) -> Alias:
    """By any of its names. Raises Refused."""
    claimed = ClaimedName.objects.filter(name=name).select_related("alias", "synonym__alias").first()
    if claimed is None:
        where = pointer("allowed_aliases", place)
        raise Refused([Wrong(pointer=where, message="There is no alias of this name.", code="unknown")])
    return claimed.alias or claimed.synonym.alias  # type: ignore[union-attr]  # the database holds one of both


def model_called(name: str, place: int) -> ProviderModel:
    """Raises Refused."""
    provider, _, model = name.partition("/")
    found = ProviderModel.objects.filter(provider__name=provider, name=model).first()
    if found is None:
        where = pointer("allowed_models", place)
        raise Refused([Wrong(pointer=where, message="There is no such model. Write provider/model.", code="unknown")])
    return found
