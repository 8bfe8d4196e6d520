"""CustomRoute: a path of the operator's own choosing."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from providers import wire
from providers.models import ConfigurationModel, Provider
from routing.models.alias import Alias
from routing.paths import LONGEST_PATH, SERVED, objection_among, objection_to_path


def served_choices() -> list[tuple[str, str]]:
    """The API types that a path of its own can have, for its field."""
    return [(name, wire.FORMATS[name].label) for name in SERVED]


class CustomRoute(ConfigurationModel):
    """A path at which requests come in: for the names of one provider, for one alias, or for all names."""

    path = models.CharField(
        max_length=LONGEST_PATH,
        unique=True,
        error_messages={"unique": "There is a route at this path already. Change that one."},
        help_text="For instance /openai or /team/a. Below it stands all that stands below /v1.",
    )
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="custom_routes",
        help_text="Names mean what they mean to this provider: its own aliases, or else all aliases, and its models.",
    )
    alias = models.ForeignKey(
        Alias,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="custom_routes",
        verbose_name="or alias",
        help_text="Nothing but this alias. With neither a provider nor an alias, all names.",
    )
    api_type = models.CharField(
        "API type",
        max_length=32,
        choices=served_choices,
        default="chat",
        help_text="What a request means that comes to the path itself, or to one below it that is not known.",
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=Q(provider__isnull=True) | Q(alias__isnull=True), name="route_is_for_one_scope"
            )
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def scope(self) -> str:
        """For whom it is, in words."""
        if self.provider_id is not None:
            return f"the provider {self.provider}"
        return f"the alias {self.alias}" if self.alias_id is not None else "all names"

    def validate_constraints(self, exclude: Any = None) -> None:  # Any: Django's own signature
        """`clean()` says the same, beside the field; the database only guards."""

    def clean(self) -> None:
        if self.provider_id is not None and self.alias_id is not None:
            problem = ValidationError("Choose a provider or an alias, not both.", code="ambiguous")
            raise ValidationError({"alias": problem})
        self._clean_path()

    def _clean_path(self) -> None:
        objection = objection_to_path(self.path)
        if objection is None:
            others = CustomRoute.objects.exclude(pk=self.pk).values_list("path", flat=True)
            objection = objection_among(self.path, others)
        if objection is not None:
            code, message = objection
            raise ValidationError({"path": ValidationError(message, code=code)})

    def save_in_turn(self, *args: Any, **kwargs: Any) -> None:
        # Once more, now that nobody else writes: two administrators may have been told at once that all is well.
        self._clean_path()
        super().save_in_turn(*args, **kwargs)
