"""Which client keys and which requests somebody may see: all, their own, or none. Every page and every reply asks here."""

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from gateway.models import ClientKey
from history.models import RequestLog

SEES_OWN = "gateway.view_own_clientkey"
"""The permission of those who see their own keys, and what was asked with them."""
RENEWS_OWN = "gateway.renew_own_clientkey"

Person = User | AnonymousUser


def sees_all_keys(user: Person) -> bool:
    return user.has_perm("gateway.view_clientkey") or user.has_perm("gateway.change_clientkey")


def sees_all_requests(user: Person) -> bool:
    return user.has_perm("history.view_requestlog")


def visible_keys(user: Person) -> QuerySet[ClientKey]:
    """The client keys that this user may see."""
    if sees_all_keys(user):
        return ClientKey.objects.all()
    return own_keys(user)


def visible_requests(user: Person) -> QuerySet[RequestLog]:
    """The requests that this user may see."""
    if sees_all_requests(user):
        return RequestLog.objects.all()
    # By name, for which there is an index, and by id, since a name may have been another key's before.
    own = dict(own_keys(user).values_list("pk", "name"))
    return RequestLog.objects.filter(key_name__in=own.values(), key_id__in=own.keys())


def own_keys(user: Person) -> QuerySet[ClientKey]:
    """Those that belong to this user; none for whoever may not even see these."""
    if not user.is_active or not user.has_perm(SEES_OWN):
        return ClientKey.objects.none()
    return ClientKey.objects.filter(owner_id=user.pk)
