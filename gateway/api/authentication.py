"""Who asks: somebody logged in to the admin, or a program with an API token. Client keys of the gateway open nothing here."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from gateway.api.models import ApiToken, digest_of

WRONG = "This API token is not known here, has ended, or belongs to somebody who may no longer log in."
"""One sentence for all of it: nobody learns which tokens there are."""
USE_NOTED_EVERY = timedelta(minutes=1)
"""Else each reading of the API would be a writing of the database."""


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer plx-api-…`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """None without the header. Raises AuthenticationFailed."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Send an API token: Authorization: Bearer plx-api-…")
        now = timezone.now()
        token = ApiToken.objects.filter(digest=digest_of(secret.strip())).select_related("user").first()
        if token is None or not token.is_valid(now) or not token.user.is_active:
            raise AuthenticationFailed(WRONG)
        if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Plexus"'


AUTHENTICATION = [TokenAuthentication, SessionAuthentication]
"""Sessions second: they are held to Django's CSRF check, which a program with a token need not pass."""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # as the library registers it
    target_class = TokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # Any: the library's own
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token, from the admin (Access › API tokens) or `manage.py create_api_token`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # as the library registers it
    target_class = SessionAuthentication
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # Any: the library's own
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Somebody logged in to the admin. Writing needs the X-CSRFToken header as well.",
        }
