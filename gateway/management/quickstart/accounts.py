"""The administrator and the client keys that quickstart makes."""

import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from gateway.audit.recording import recording
from gateway.management.author import author_of_command
from gateway.models import ClientKey

ADMINISTRATOR = "admin"
KEY_NAME = "quickstart"
CHECK_NAME = "quickstart-check"
CHECK_MINUTES = 5
"""A check that was killed leaves its key behind: it opens nothing for long."""


def make_administrator() -> str | None:
    """The password of a new superuser, or None where somebody administers already. Raises ValidationError."""
    if User.objects.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    user = User(username=ADMINISTRATOR, is_staff=True, is_superuser=True)
    user.set_password(password)
    user.full_clean()
    user.save()
    return password


def make_client_key() -> str | None:
    """A new client key, or None where there are keys already. Raises ValidationError."""
    return None if ClientKey.objects.exclude(name=CHECK_NAME).exists() else _make(ClientKey(name=KEY_NAME))


def make_check_key() -> str:
    """A key for one request of quickstart itself. `forget_check_key` deletes it."""
    forget_check_key()
    with recording(author_of_command("quickstart")):
        return _make(ClientKey(name=CHECK_NAME, expires_at=timezone.now() + timedelta(minutes=CHECK_MINUTES)))


def forget_check_key() -> None:
    with recording(author_of_command("quickstart")):
        for key in ClientKey.objects.filter(name=CHECK_NAME):
            key.delete()


def _make(key: ClientKey) -> str:
    secret = key.make()
    key.full_clean()
    key.save()
    return secret
