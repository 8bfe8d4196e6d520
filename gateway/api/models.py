"""ApiToken: a program that may use the REST API on somebody's behalf. IdempotentReply: what a POST was answered."""

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

PREFIX = "plx-api-"
SHOWN_CHARACTERS = 14


class ApiToken(models.Model):
    """Opens the REST API as its user, and never the gateway. Only its hash is kept: 32 random bytes need no slow one."""

    class Scope(models.TextChoices):
        READ = "read", "read only"
        USER = "user", "whatever its user may do"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=128, help_text="What uses it, for instance “deployment pipeline”.")
    prefix = models.CharField("token", max_length=SHOWN_CHARACTERS, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField("may do", max_length=8, choices=Scope.choices, default=Scope.READ)
    enabled = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    secret = ""
    """The token itself, on the very object that `make` was called on: kept nowhere."""

    class Meta:
        verbose_name = "API token"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                name="api_token_once_per_user",
                violation_error_message="This user already has a token of this name. Choose another name.",
                violation_error_code="taken",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def may_write(self) -> bool:
        return self.scope == self.Scope.USER

    def is_valid(self, now: datetime) -> bool:
        """Not disabled, and not over."""
        return self.enabled and (self.expires_at is None or now < self.expires_at)

    def clean(self) -> None:
        if self.name and not self.name.strip():
            raise ValidationError({"name": ValidationError("Say what uses the token.", code="required")})

    def make(self) -> str:
        """Give this row its secret and return it: the only time that it can be seen. Not saved yet."""
        self.secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
        self.prefix = self.secret[:SHOWN_CHARACTERS]
        self.digest = digest_of(self.secret)
        return self.secret


def digest_of(secret: str) -> str:
    """SHA-256 in hex, of a token as it is sent."""
    return hashlib.sha256(secret.encode()).hexdigest()


class IdempotentReply(models.Model):
    """A POST with an Idempotency-Key: that it was begun, and how it was answered. Kept for a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="Of the request: its address and its body.")
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while it runs.")
    reply = models.TextField(blank=True, help_text="Sealed: a new client key's secret is in its answer.")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "idempotent reply"
        verbose_name_plural = "idempotent replies"
        ordering = ["id"]
        default_permissions = []
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")]

    def __str__(self) -> str:
        return f"{self.key} of user {self.user_id}"
