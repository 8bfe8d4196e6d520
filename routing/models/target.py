"""Target: who stands behind an alias."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from providers.models import ConfigurationModel, ProviderModel, check_base_url, seconds
from routing import conditions
from routing.models.alias import Alias
from routing.rules import circle_through, longest_way

MAX_WEIGHT = 1_000_000
MAX_LINKS = 10
"""Aliases one behind the other: each link is walked for every request, and nobody could follow more of them."""
TIME_LIMITS = [f"{what}_timeout_seconds" for what in ("connect", "first_byte", "idle", "answer")]
"""The fields of a target that say how long we wait for it."""


class Target(ConfigurationModel):
    """One of those that stand behind an alias: a provider's model, or another alias."""

    alias = models.ForeignKey(Alias, on_delete=models.CASCADE, related_name="targets")
    model = models.ForeignKey(
        ProviderModel, on_delete=models.PROTECT, null=True, blank=True, related_name="targets", verbose_name="model"
    )
    to_alias = models.ForeignKey(
        Alias, on_delete=models.PROTECT, null=True, blank=True, related_name="targeted_by", verbose_name="or alias"
    )
    weight = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[
            MinValueValidator(1, "A weight is at least 1. Disable the target to give it nothing."),
            MaxValueValidator(MAX_WEIGHT, f"A weight is at most {MAX_WEIGHT:,}."),
        ],
        help_text="Its share. Empty counts as 1.",
    )
    position = models.PositiveIntegerField(default=0, help_text="Its place in the order.")
    tier = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(99, "A tier is at most 99.")],
        help_text="Tier 1 is asked when all of tier 0 has failed.",
    )
    enabled = models.BooleanField(default=True)
    endpoint = models.CharField(
        max_length=2000, blank=True, help_text="An address of its own, so that one model may stand at several."
    )
    conditions = models.JSONField(
        "only after",
        default=list,
        blank=True,
        help_text="What must have happened to another target before this one is asked. Empty: nothing; it may be the first.",
    )
    connect_timeout_seconds = seconds("Empty: as the provider says.", least=0.1, most=30)
    first_byte_timeout_seconds = seconds("Streams only. Empty: as the provider says.", most=600)
    idle_timeout_seconds = seconds("Streams only. Empty: as the provider says.", most=600)
    answer_timeout_seconds = seconds("A whole answer. Empty: as the provider says.")

    class Meta:
        ordering = ["tier", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(model__isnull=True) ^ Q(to_alias__isnull=True), name="target_is_a_model_or_an_alias"
            ),
            models.CheckConstraint(condition=~Q(alias=F("to_alias")), name="target_is_not_its_own_alias"),
            models.CheckConstraint(
                condition=Q(weight__isnull=True) | Q(weight__gte=1, weight__lte=MAX_WEIGHT),
                name="target_weight_in_range",
            ),
            models.UniqueConstraint(fields=["alias", "model", "endpoint"], name="target_model_once_per_address"),
            models.UniqueConstraint(fields=["alias", "to_alias"], name="target_alias_once"),
        ]

    def __str__(self) -> str:
        return str(self.model or self.to_alias or "nothing yet")

    def validate_constraints(self, exclude: Any = None) -> None:  # Any: Django's own signature
        """`clean()` says the same of each constraint, beside the field; the database only guards."""

    def clean(self) -> None:
        self._clean_what_it_points_at()
        self._clean_conditions()
        self._clean_time_limits()
        if self.endpoint:
            check_base_url(self.endpoint, "endpoint")
        if not self._has_an_alias:
            return
        if self.alias_id or self.targets_of_alias_are_judged_together:
            self._clean_weight()
        if self.alias_id:
            self._clean_against_its_siblings()
        self._clean_links()

    @property
    def _has_an_alias(self) -> bool:
        """False when none was given, or one that is gone: the field itself says so."""
        try:
            return self.alias is not None
        except Alias.DoesNotExist:
            return False

    @property
    def targets_of_alias_are_judged_together(self) -> bool:
        return self.alias.targets_together is not None

    def _clean_what_it_points_at(self) -> None:
        if self.model_id is None and self.to_alias_id is None:
            raise ValidationError({"model": ValidationError("Choose a model, or another alias.", code="required")})
        if self.model_id is not None and self.to_alias_id is not None:
            raise ValidationError(
                {"to_alias": ValidationError("Choose a model or an alias, not both.", code="ambiguous")}
            )
        if self.to_alias_id is not None and self.endpoint:
            raise ValidationError(
                {"endpoint": ValidationError("Only a model has an address of its own.", code="ambiguous")}
            )

    def _clean_conditions(self) -> None:
        wanted = self.conditions
        if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
            problem = 'Write a list, for instance ["timeout", "quota_exceeded"].'
        elif unknown := [name for name in wanted if name not in conditions.LABELS]:
            problem = f"Unknown: {', '.join(unknown)}. Known are {', '.join(conditions.LABELS)}."
        elif len(set(wanted)) < len(wanted):
            problem = "A condition stands here twice."
        else:
            return
        raise ValidationError({"conditions": ValidationError(problem, code="invalid_condition")})

    def _clean_time_limits(self) -> None:
        limits = {name: getattr(self, name) for name in TIME_LIMITS}
        if self.to_alias_id is not None and (given := [name for name, value in limits.items() if value is not None]):
            problem = "An alias's own targets have time limits; this one has none."
            raise ValidationError({name: ValidationError(problem, code="ambiguous") for name in given})
        # NaN is neither below the least nor above the most, and not even itself.
        if wrong := [name for name, value in limits.items() if value != value]:
            raise ValidationError(
                {name: ValidationError("Give a number of seconds.", code="invalid") for name in wrong}
            )

    def _clean_weight(self) -> None:
        if self.weight is None and self.enabled and self.alias.weight_mode == Alias.WeightMode.PERCENT:
            raise ValidationError(
                {
                    "weight": ValidationError(
                        "The weights are in percent, so give every enabled target one.", code="required"
                    )
                }
            )

    def _clean_against_its_siblings(self) -> None:
        if self.targets_of_alias_are_judged_together:
            return
        siblings = [target for target in self.alias.targets.all() if target.pk != self.pk]
        check_no_twins([*siblings, self])
        for field, rule in (("conditions", self.alias.clean_conditions), ("weight", self.alias.clean_weights)):
            try:
                rule([*siblings, self])
            except ValidationError as exc:
                raise ValidationError({field: exc.error_list}) from exc

    def _clean_links(self) -> None:
        """An alias cannot reach itself, nor another one over more than MAX_LINKS links."""
        if self.to_alias_id is None:
            return
        if self.alias_id:  # nobody points at a new alias yet
            self._clean_circle()
        self._clean_depth(self.to_alias_id)

    def _clean_depth(self, behind: int) -> None:
        above = longest_way(self.alias_id, aliases_that_point_at, most=MAX_LINKS) if self.alias_id else 0
        below = longest_way(behind, aliases_behind, most=MAX_LINKS)
        if above + 1 + below > MAX_LINKS:
            raise ValidationError(
                {
                    "to_alias": ValidationError(
                        f"With “{self.to_alias}” here, more than {MAX_LINKS} aliases would lead one to the next. "
                        "Choose an alias further on, or a model.",
                        code="too_many_links",
                    )
                }
            )

    def _clean_circle(self) -> None:
        proposed = [t.to_alias_id for t in self.alias.targets_together or [self] if t.to_alias_id is not None]
        circle = circle_through(self.alias_id, lambda alias_id: next_aliases(alias_id, self.alias_id, proposed))
        if circle and circle[1] == self.to_alias_id:
            names = dict(Alias.objects.filter(pk__in=circle).values_list("pk", "name"))
            way = " → ".join(f"“{names[pk]}”" for pk in circle)
            raise ValidationError(
                {"to_alias": ValidationError(f"An alias cannot reach itself: {way}. Remove a link.", code="circle")}
            )

    def save_in_turn(self, *args: Any, **kwargs: Any) -> None:
        self._clean_links()
        super().save_in_turn(*args, **kwargs)


def next_aliases(alias_id: int, changing: int, proposed: Iterable[int]) -> Iterable[int]:
    """The aliases that `alias_id` points at, with what is `proposed` for the one that is changing."""
    return proposed if alias_id == changing else aliases_behind(alias_id)


def aliases_behind(alias_id: int) -> Iterable[int]:
    """The aliases that stand among the targets of this one."""
    stored = Target.objects.filter(alias_id=alias_id, to_alias__isnull=False)
    return stored.order_by("id").values_list("to_alias_id", flat=True)


def aliases_that_point_at(alias_id: int) -> Iterable[int]:
    """The aliases that have this one among their targets."""
    return Target.objects.filter(to_alias_id=alias_id).order_by("id").values_list("alias_id", flat=True)


def check_no_twins(targets: Iterable[Target]) -> None:
    """Raise ValidationError, code `taken`, when two targets of an alias are the same model at the same address."""
    seen = set()
    for target in targets:
        what = (target.model_id, target.to_alias_id, target.endpoint)
        if what in seen:
            field = "to_alias" if target.to_alias_id else "model"
            problem = (
                f"“{target}” stands here twice. Give one of them the sum of the weights, or an endpoint of its own."
            )
            raise ValidationError({field: ValidationError(problem, code="taken")})
        seen.add(what)
