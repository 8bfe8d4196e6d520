"""ProviderModel: one model of a provider, with its limits and prices."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from providers import wire
from providers.models.configuration import ConfigurationModel
from providers.models.fields import in_flight, usd_per_mtok
from providers.models.provider import Provider

MODEL_NAME = RegexValidator(
    r"\A[^\s\x00-\x1f\x7f]+\Z", "A model's name has no spaces and no control characters.", code="invalid_name"
)


class ProviderModel(ConfigurationModel):
    """One model of a provider."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="models")
    name = models.CharField(
        max_length=200,
        validators=[MODEL_NAME],
        help_text="Its id at the provider, exactly, for instance gpt-4o-mini or meta-llama/llama-3.3-70b:free.",
    )
    enabled = models.BooleanField(default=True)
    api_types = models.JSONField(
        "API types", default=list, blank=True, help_text="Which of the provider's API types it does. Empty: all."
    )
    context_length = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Tokens."
    )
    input_usd_per_mtok = usd_per_mtok("US dollars per million tokens. Empty: the public price list.")
    output_usd_per_mtok = usd_per_mtok()
    cached_input_usd_per_mtok = usd_per_mtok("Empty: the same as input.")
    max_in_flight = in_flight("From each process. Empty: PLEXUS_UPSTREAM_MAX_IN_FLIGHT.")

    class Meta:
        ordering = ["provider", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "name"],
                name="model_once_per_provider",
                violation_error_message="This provider already has a model of this name.",
                violation_error_code="taken",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider.name}/{self.name}"

    def clean(self) -> None:
        errors: dict[str, ValidationError] = {}
        if (self.input_usd_per_mtok is None) != (self.output_usd_per_mtok is None):
            empty = "input_usd_per_mtok" if self.input_usd_per_mtok is None else "output_usd_per_mtok"
            errors[empty] = ValidationError("Give both prices, input and output, or neither.", code="price_incomplete")
        elif self.cached_input_usd_per_mtok is not None and self.input_usd_per_mtok is None:
            errors["input_usd_per_mtok"] = ValidationError(
                "A price for cached input needs the prices of input and output.", code="price_incomplete"
            )
        if problem := self._objection_to_api_types():
            errors["api_types"] = ValidationError(problem, code="invalid_api_type")
        if errors:
            raise ValidationError(errors)

    def _objection_to_api_types(self) -> str | None:
        if not isinstance(self.api_types, list):
            return 'Write a list, for instance ["chat"].'
        unknown = [name for name in self.api_types if not isinstance(name, str) or name not in wire.FORMATS]
        return f"Unknown: {unknown}. Known are {', '.join(wire.FORMATS)}." if unknown else None
