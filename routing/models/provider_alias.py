"""ProviderAlias: what a name means to requests that come in by a provider's own route."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from providers.models import ConfigurationModel, Provider
from routing.models.behind_a_name import objection_to_model
from routing.wildcards import WILDCARD


class ProviderAlias(ConfigurationModel):
    """A name on a provider. With any, a provider's route knows these in place of all aliases; one that has none knows the aliases."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(
        max_length=128,
        validators=[
            RegexValidator(r"\A[!-~]+\Z", "A name has plain characters only, and no spaces.", code="invalid_name")
        ],
        help_text="What clients send as “model”. May hold *, for any characters: exact names go first, then the longest.",
    )
    model = models.CharField(max_length=256, help_text="The provider's own name of the model.")

    class Meta:
        ordering = ["provider", "name"]
        verbose_name_plural = "provider aliases"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "name"],
                name="provider_alias_once",
                violation_error_message="This provider already has an alias of this name. Change that one.",
                violation_error_code="taken",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.model}"

    def clean(self) -> None:
        if not self._has_a_provider:
            return
        if WILDCARD in self.model:
            problem = "Name one model. What * stands for in the name is not carried over; a pattern alias does that."
            raise ValidationError({"model": ValidationError(problem, code="invalid_name")})
        if self.model and (problem := objection_to_model(self.provider, self.model) or ""):
            raise ValidationError({"model": ValidationError(problem, code="unknown_model")})

    @property
    def _has_a_provider(self) -> bool:
        """False when none was given, or one that is gone: the field itself says so."""
        try:
            return self.provider is not None
        except Provider.DoesNotExist:
            return False
