"""PatternAlias: what is asked for by names of one shape, `gpt-*`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from providers.models import ConfigurationModel, Provider
from routing.models.alias import Alias
from routing.models.behind_a_name import objection_to_model
from routing.wildcards import WILDCARD


class PatternAlias(ConfigurationModel):
    """Names of one shape, and who stands behind them: an alias, or a provider's model that may be called by the captured part."""

    pattern = models.CharField(
        max_length=128,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[!-)+-~]*\*[!-)+-~]*\Z",
                "A pattern holds one *, for any characters, and otherwise plain ones without spaces: gpt-*.",
                code="invalid_pattern",
            )
        ],
        error_messages={"unique": "This pattern already exists. Change that one."},
        help_text="With one *, for instance gpt-*. Exact names go first, then the longest pattern.",
    )
    to_alias = models.ForeignKey(
        Alias, on_delete=models.PROTECT, null=True, blank=True, related_name="patterns", verbose_name="alias"
    )
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="patterns",
        verbose_name="or provider",
    )
    model = models.CharField(
        max_length=256,
        blank=True,
        help_text="The provider's model. A * in it is what the * of the pattern stood for.",
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["pattern"]
        verbose_name_plural = "pattern aliases"
        constraints = [
            models.CheckConstraint(
                condition=Q(to_alias__isnull=True) ^ Q(provider__isnull=True), name="pattern_is_for_alias_or_provider"
            ),
            models.CheckConstraint(
                condition=Q(to_alias__isnull=False, model="") | (Q(provider__isnull=False) & ~Q(model="")),
                name="pattern_has_a_model_with_a_provider",
            ),
        ]

    def __str__(self) -> str:
        return self.pattern

    @property
    def behind(self) -> str:
        """Who stands behind it, in words."""
        return str(self.to_alias) if self.to_alias_id is not None else f"{self.provider}/{self.model}"

    def validate_constraints(self, exclude: Any = None) -> None:  # Any: Django's own signature
        """`clean()` says the same of each constraint, beside the field; the database only guards."""

    def clean(self) -> None:
        if self.to_alias_id is None and self.provider_id is None:
            raise _refused("to_alias", "Choose an alias, or a provider and its model.", "required")
        if self.to_alias_id is not None and (self.provider_id is not None or self.model):
            raise _refused("to_alias", "Choose an alias, or a provider and its model; not both.", "ambiguous")
        if self.to_alias_id is None:
            self._clean_model()

    def _clean_model(self) -> None:
        assert self.provider is not None  # `clean` has looked
        if not self.model:
            raise _refused("model", f"Name the model of “{self.provider}”, or {WILDCARD}.", "required")
        if self.model.count(WILDCARD) > 1:
            raise _refused("model", "One * at most: it is what the * of the pattern stood for.", "invalid_pattern")
        if problem := objection_to_model(self.provider, self.model):
            raise _refused("model", problem, "unknown_model")


def _refused(field: str, message: str, code: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, code=code)})
