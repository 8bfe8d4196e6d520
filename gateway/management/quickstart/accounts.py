"""The administrator and the client keys that quickstart makes."""

import secrets

from django.contrib.auth.models import User

from gateway.models import ClientKey

ADMINISTRATOR = "admin"
KEY_NAME = "quickstart"


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
    return None if ClientKey.objects.exists() else _make(ClientKey(name=KEY_NAME))


def _make(key: ClientKey) -> str:
    secret = key.make()
    key.full_clean()
    key.save()
    return secret
