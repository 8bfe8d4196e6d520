"""Short ways to ask the API, as a program with a token does."""

import json
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from gateway.api.models import ApiToken
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, Synonym, Target
from tests.gateways import saved

JSON = Any  # Any: whatever the API answers


class Asking:
    """A program that asks in somebody's name."""

    def __init__(self, secret: str, user: User) -> None:
        self.secret = secret
        self.user = user
        self.client = Client()

    def get(self, path: str, **headers: str) -> JSON:
        return self.send("GET", path, **headers)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> JSON:
        """`headers` with underscores: If_Match. The answer has `.json()` and `.status_code`."""
        sent = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        kind = sent.pop("Content-Type", "application/json")
        text = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        return self.client.generic(method, f"/api/v1/{path}", text, content_type=kind, headers=sent)


def a_user(name: str, *permissions: str, is_superuser: bool = False) -> User:
    user = saved(User(username=name, password="!", is_superuser=is_superuser))
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def a_token(user: User, scope: str = "user", **fields: Any) -> str:
    """A new token's secret."""
    token = ApiToken(user=user, name=fields.pop("name", "a test"), scope=scope, **fields)
    secret = token.make()
    saved(token)
    return secret


def somebody(name: str, *permissions: str, scope: str = "user") -> Asking:
    """Who may do just this: `routing.view_alias`, …"""
    user = a_user(name, *permissions)
    return Asking(a_token(user, scope), user)


def an_administrator(name: str = "root") -> Asking:
    user = a_user(name, is_superuser=True)
    return Asking(a_token(user), user)


def openai(*models: str, **fields: Any) -> Provider:
    """A provider with an address and these models."""
    provider = saved(Provider(name="openai", credential="$OPENAI_API_KEY", **fields))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://api.openai.com/v1"))
    for name in models:
        saved(ProviderModel(provider=provider, name=name))
    return provider


def an_alias(name: str, *models: str, synonyms: tuple[str, ...] = (), **fields: Any) -> Alias:
    """An alias of models of openai, in order."""
    alias = saved(Alias(name=name, **fields))
    for position, model in enumerate(models):
        row = ProviderModel.objects.get(provider__name="openai", name=model)
        saved(Target(alias=alias, model=row, position=position))
    for synonym in synonyms:
        saved(Synonym(alias=alias, name=synonym))
    return alias
