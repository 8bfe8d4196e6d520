"""ClientKey: who may call the gateway, and which models. UpstreamHealth, Configuration: who may use those pages."""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from gateway.api.models import ApiToken, IdempotentReply
from gateway.audit.models import AuditEvent, ConfigChange, ConfigRevision
from providers.models import ConfigurationModel, ProviderModel
from routing.models import Alias

__all__ = [
    "ApiToken",
    "AuditEvent",
    "ClientKey",
    "ConfigChange",
    "ConfigRevision",
    "IdempotentReply",
    "UpstreamHealth",
    "digest_of",
]

SHOWN_CHARACTERS = 12


class ClientKey(ConfigurationModel):
    """A key that a client sends. Only its hash is kept: 32 random bytes need no slow hash, and 0.4 µs is what we can spend."""

    class Access(models.TextChoices):
        EVERYTHING = "everything", "every model"
        LISTED = "listed", "only the aliases and models listed below"

    name = models.CharField(
        max_length=128,
        unique=True,
        error_messages={"unique": "A key of this name already exists. Choose another name."},
        help_text="Who uses it, for instance “billing service, production”.",
    )
    prefix = models.CharField("key", max_length=SHOWN_CHARACTERS, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="client_keys"
    )
    enabled = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    access = models.CharField(
        "may use",
        max_length=16,
        choices=Access.choices,
        default=Access.EVERYTHING,
        help_text="With “only”, an empty list allows nothing: deleting an alias never widens a key.",
    )
    allowed_aliases = models.ManyToManyField(
        Alias, blank=True, related_name="allowed_keys", help_text="By any of their names, synonyms included."
    )
    allowed_models = models.ManyToManyField(
        ProviderModel, blank=True, related_name="allowed_keys", help_text="When asked for directly, as provider/model."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    secret = ""
    """The key itself, on the very object that `make` was called on: kept nowhere."""

    class Meta:
        ordering = ["name"]
        permissions = [
            ("view_own_clientkey", "Can view own client keys, and what was asked with them"),
            ("renew_own_clientkey", "Can replace the secret of own client keys"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.name and not self.name.strip():
            raise ValidationError({"name": ValidationError("Say who uses the key.", code="required")})

    def make(self) -> str:
        """Give this row a new secret and return it: the only time that it can be seen. Not saved yet."""
        self.secret = f"sk-plx-{secrets.token_urlsafe(32)}"
        self.prefix = self.secret[:SHOWN_CHARACTERS]
        self.digest = digest_of(self.secret)
        return self.secret

    def save_in_turn(self, *args: Any, **kwargs: Any) -> None:
        if not self.digest:
            raise ValueError("Call make() before the first save: a key without a secret opens nothing.")
        super().save_in_turn(*args, **kwargs)


class UpstreamHealth(models.Model):
    """No table: a page in the admin, with permissions of its own. Health lives in the processes (gateway/health)."""

    class Meta:
        managed = False
        default_permissions = ["view"]
        permissions = [("clear_upstreamhealth", "Can clear the health of upstreams")]
        verbose_name = "health of an upstream"
        verbose_name_plural = "health of upstreams"

    def __str__(self) -> str:
        return "health"


class Configuration(models.Model):
    """No table: the page “Import and export” in the admin, with permissions of its own."""

    class Meta:
        managed = False
        default_permissions = ["view"]
        permissions = [("import_configuration", "Can import a configuration file")]
        verbose_name = verbose_name_plural = "configuration as a file"

    def __str__(self) -> str:
        return "configuration"


def digest_of(secret: str) -> str:
    """SHA-256 in hex, of the key as it is sent."""
    return hashlib.sha256(secret.encode()).hexdigest()
