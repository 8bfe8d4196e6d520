"""Endpoint: the address at which a provider answers one kind of API."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from providers import wire
from providers.addresses import objection_to_url, split_url
from providers.models.configuration import ConfigurationModel
from providers.models.provider import Provider

_CURES = {
    True: "Enter the credential again together with the address; in a file, name its variable in apiKeyEnv.",
    False: "Enter its value again together with the address; in a file, name its variable: $NAME.",
}


class Endpoint(ConfigurationModel):
    """Where a provider answers one kind of API."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="endpoints")
    api_type = models.CharField("API type", max_length=32, choices=wire.choices, default="chat")
    base_url = models.CharField(
        "base URL",
        max_length=2000,
        help_text="An API root (https://api.openai.com/v1) or the full address of the endpoint.",
    )

    class Meta:
        ordering = ["provider", "api_type"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "api_type"],
                name="endpoint_once_per_api_type",
                violation_error_message="This provider already has an address for this API type. Change that one.",
                violation_error_code="taken",
            )
        ]

    def __str__(self) -> str:
        return f"{self.api_type}: {self.base_url}"

    def clean(self) -> None:
        check_base_url(self.base_url, "base_url")
        if self._has_a_provider:
            self._clean_whose_key_goes_there()

    @property
    def _has_a_provider(self) -> bool:
        """False when none was given, or one that is gone: the field itself says so."""
        try:
            return self.provider is not None
        except Provider.DoesNotExist:
            return False

    def _clean_whose_key_goes_there(self) -> None:
        """A stored secret goes to the hosts that it was entered for. Else an editor could read it, at a host of their own."""
        stored_secrets = self.provider.secrets_not_entered
        if not stored_secrets:
            return
        stored = Endpoint.objects.filter(provider_id=self.provider.pk).values_list("base_url", flat=True)
        if server_of(self.base_url) not in {server_of(url) for url in stored}:
            raise ValidationError(
                {
                    "base_url": ValidationError(
                        f"The stored {stored_secrets[0]} of “{self.provider}” has not gone to this host so far. "
                        f"{_CURES[stored_secrets[0] == 'key']}",
                        code="credential_needed",
                    )
                }
            )


def server_of(url: str) -> str:
    """Scheme, host and port of an address: `https://api.openai.com:443`. "" for one that cannot be read."""
    try:
        split = split_url(url)
    except ValueError:
        return ""
    return f"{split.scheme}://{split.host}:{split.port}"


def check_base_url(url: str, field: str) -> None:
    """Raise ValidationError, for `field`, when an upstream may not stand at this address."""
    if objection := objection_to_url(url, settings.PLEXUS_PRIVATE_UPSTREAMS):
        code, message = objection
        raise ValidationError({field: ValidationError(message, code=code)})
