"""Logins, users, groups and permissions -> events. Client keys are configuration: see key_events."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.http import HttpRequest
from django.utils import timezone

from gateway.audit.account_events import TELLING, events_of
from gateway.audit.author import Author, Door, author_now
from gateway.audit.events import Event, note_event
from gateway.audit.models import AuditEvent

# Any: whatever a signal carries.
MOST_FAILED_LOGINS = 60
"""A minute, and as many tries at a name that is locked: whoever guesses passwords must not fill the disk."""
SOMEBODY = "somebody who has no account"
"""A name that nobody has is not kept: people type their password there."""
VERBS = {"post_add": "given", "post_remove": "taken", "pre_clear": "all taken"}


def note_login(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    note_event(Event.LOGIN, user.get_username(), author_of_login(request, user))


def note_logout(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        note_event(Event.LOGOUT, user.get_username(), author_of_login(request, user))


def note_failed_login(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    note_refused_login(Event.LOGIN_FAILED, str(credentials.get(User.USERNAME_FIELD, "")), request)


def note_refused_login(kind: Event, name: str, request: HttpRequest | None) -> None:
    """One that failed, or was not even tried, unless there were enough of its kind lately.

    Each kind has a limit of its own: else tries at a locked name would crowd out the failures that lock the next one.
    """
    lately = timezone.now() - timedelta(minutes=1)
    if AuditEvent.objects.filter(kind=kind, at__gt=lately).count() >= MOST_FAILED_LOGINS:
        return
    is_known = "\0" not in name and User.objects.filter(username=name).exists()
    note_event(kind, name if is_known else SOMEBODY, author_of_login(request, None))


def author_of_login(request: HttpRequest | None, user: User | None) -> Author:
    """Whoever logs in or out themselves, or tries to."""
    return Author(
        user_id=None if user is None else user.pk,
        name="nobody" if user is None else user.get_username(),
        door=Door.ADMIN,
        address="" if request is None else request.META.get("REMOTE_ADDR", ""),
    )


def remember_user(sender: Any, instance: User, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
    """Before it is saved: what it was."""
    instance._was = User.objects.filter(pk=instance.pk).values(*TELLING, "password").first()  # type: ignore[attr-defined]  # ours, for note_user


def note_user(sender: Any, instance: User, **kwargs: Any) -> None:
    new = {field: getattr(instance, field) for field in (*TELLING, "password")}
    for event, details in events_of(getattr(instance, "_was", None), new):
        note_event(event, instance.get_username(), author_now(), details)


def note_deleted_user(sender: Any, instance: User, **kwargs: Any) -> None:
    # Whoever deletes their own account is named, and has no row any more to point at.
    note_event(Event.USER_DELETED, instance.get_username(), _without_id(author_now(), instance))


def remember_group(sender: Any, instance: Group, **kwargs: Any) -> None:
    instance._was = Group.objects.filter(pk=instance.pk).values_list("name", flat=True).first()  # type: ignore[attr-defined]  # ours, for note_group


def note_group(sender: Any, instance: Group, created: bool, **kwargs: Any) -> None:
    was = getattr(instance, "_was", None)
    if created:
        note_event(Event.GROUP_MADE, instance.name, author_now())
    elif was != instance.name:
        note_event(Event.GROUP_CHANGED, instance.name, author_now(), {"name": f"{was} → {instance.name}"})


def note_deleted_group(sender: Any, instance: Group, **kwargs: Any) -> None:
    note_event(Event.GROUP_DELETED, instance.name, author_now())


def note_permissions(
    sender: Any, instance: Model, action: str, model: type[Model], pk_set: set[Any] | None, reverse: bool, **kwargs: Any
) -> None:
    """A user's groups, a user's permissions, a group's permissions: given or taken."""
    verb = VERBS.get(action)
    if verb is None or pk_set == set():
        return
    others = [short(row) for row in model._default_manager.filter(pk__in=pk_set)] if pk_set else []
    kind = "permissions" if model is Permission else str(model._meta.verbose_name_plural)
    note_event(Event.PERMISSIONS_CHANGED, str(instance), author_now(), {f"{kind} {verb}": ", ".join(sorted(others))})


def short(row: Model) -> str:
    """`routing.change_alias`, and the name of a group."""
    return f"{row.content_type.app_label}.{row.codename}" if isinstance(row, Permission) else str(row)


def _without_id(author: Author, gone: User) -> Author:
    if author.user_id != gone.pk:
        return author
    return Author(user_id=None, name=author.name, door=author.door, address=author.address)


user_logged_in.connect(note_login, dispatch_uid="audit_login")
user_logged_out.connect(note_logout, dispatch_uid="audit_logout")
user_login_failed.connect(note_failed_login, dispatch_uid="audit_login_failed")
pre_save.connect(remember_user, sender=User, dispatch_uid="audit_user_before")
post_save.connect(note_user, sender=User, dispatch_uid="audit_user_saved")
post_delete.connect(note_deleted_user, sender=User, dispatch_uid="audit_user_deleted")
pre_save.connect(remember_group, sender=Group, dispatch_uid="audit_group_before")
post_save.connect(note_group, sender=Group, dispatch_uid="audit_group_saved")
post_delete.connect(note_deleted_group, sender=Group, dispatch_uid="audit_group_deleted")
for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
    m2m_changed.connect(note_permissions, sender=through, dispatch_uid=f"audit_{through.__name__}")
