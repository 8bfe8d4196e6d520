"""Alias and Synonym: the names clients ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from providers.models import ConfigurationModel
from providers.texts import objection_to_text
from routing import selection
from routing.kept_guardrails import objection_to_guardrails
from routing.models.names import NAME_FIELD, claim, clean_name
from routing.rules import wrong_percentages

if TYPE_CHECKING:
    from routing.models.target import Target

MOST_ATTEMPTS = 10


class Alias(ConfigurationModel):
    """The name a client asks for."""

    class WeightMode(models.TextChoices):
        RELATIVE = "relative", "relative (70 and 30, or 7 and 3)"
        PERCENT = "percent", "percent (each tier sums to 100)"

    class AnswerModel(models.TextChoices):
        UPSTREAM = "upstream", "the name the provider used"
        REQUESTED = "requested", "the name that was asked for"

    class StreamMode(models.TextChoices):
        LIVE = "live", "as they come"
        BUFFERED = "buffered", "held back until they are whole"

    class Sticky(models.TextChoices):
        OFF = "off", "no"
        SESSION = "session", "by the session that the client names"
        FIRST_MESSAGES = "first_messages", "by how the conversation begins"

    name = models.CharField(**NAME_FIELD, unique=True, help_text="What clients send as “model”. Case-sensitive.")
    description = models.CharField(max_length=500, blank=True, help_text="Shown in /v1/models.")
    enabled = models.BooleanField(default=True, help_text="A disabled alias answers “model not found”.")
    listed = models.BooleanField(default=True, help_text="Shown in /v1/models.")
    is_default = models.BooleanField(
        "default", default=False, help_text="Answers requests that name no model. One alias at most."
    )
    selector = models.CharField(
        max_length=32, choices=selection.choices, default="random", help_text="Which target is tried first."
    )
    weight_mode = models.CharField(max_length=16, choices=WeightMode.choices, default=WeightMode.RELATIVE)
    answer_model = models.CharField(
        "“model” in answers", max_length=16, choices=AnswerModel.choices, default=AnswerModel.UPSTREAM
    )
    max_attempts = models.PositiveSmallIntegerField(
        "most attempts",
        default=3,
        validators=[
            MinValueValidator(1, "At least 1."),
            MaxValueValidator(MOST_ATTEMPTS, f"At most {MOST_ATTEMPTS}: whoever asks waits for all of them."),
        ],
        help_text="How many targets are tried for one request before its caller is told of a failure.",
    )
    stream_mode = models.CharField(
        "streams",
        max_length=16,
        choices=StreamMode.choices,
        default=StreamMode.LIVE,
        help_text="Held back, a stream that breaks in the middle can still be had from another target; the first word comes with the last.",
    )
    sticky = models.CharField(
        "stays with one target",
        max_length=16,
        choices=Sticky.choices,
        default=Sticky.OFF,
        help_text="So that a conversation finds its prompt in the cache of the upstream.",
    )
    sticky_seconds = models.PositiveIntegerField(
        "stays for",
        default=3600,
        validators=[
            MinValueValidator(1, "At least 1 second."),
            MaxValueValidator(604800, "At most 604,800 seconds: a week."),
        ],
        help_text="Seconds after its last request.",
    )
    hedge_percentile = models.PositiveSmallIntegerField(
        "second request after",
        null=True,
        blank=True,
        validators=[MinValueValidator(50, "From 50 to 99."), MaxValueValidator(99, "From 50 to 99.")],
        help_text=(
            "A percentile. 95: where the first word takes longer than it does for 95 % of requests, the next target is asked as well and whoever is "
            "first answers. Both are paid for. Empty: never."
        ),
    )
    hedge_budget_percent = models.PositiveSmallIntegerField(
        "second requests, at most",
        default=5,
        validators=[MinValueValidator(1, "From 1 to 100."), MaxValueValidator(100, "From 1 to 100.")],
        help_text="Percent of the alias's requests.",
    )
    guardrails = models.JSONField(
        default=dict, blank=True, help_text="Kept, and not enforced yet: requests pass without them."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    targets_together: Sequence[Target] | None = None
    """Set by a form or an import that saves this alias with all its targets: then the rules over the whole set
    are judged on these, once, by `clean_targets`, and not target by target against what the database still holds."""

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_alias_at_most"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        clean_name(self.name, synonym=None, alias=self)
        if problem := objection_to_text(self.description):
            raise ValidationError({"description": ValidationError(problem, code="control_characters")})
        if problem := objection_to_guardrails(self.guardrails):
            raise ValidationError({"guardrails": ValidationError(problem, code="invalid_guardrails")})
        self._clean_default()
        if self.pk and self.targets_together is None:
            try:
                self.clean_targets(self.targets.all())
            except ValidationError as exc:
                raise ValidationError({"weight_mode": exc.error_list}) from exc

    def validate_constraints(self, exclude: Any = None) -> None:  # Any: Django's own signature
        """`clean()` says the same, beside the field; the database only guards."""

    def _clean_default(self) -> None:
        if not self.is_default:
            return
        other = Alias.objects.filter(is_default=True).exclude(pk=self.pk).first()
        if other is not None:
            problem = f"“{other}” is the default already. Take it away there first."
            raise ValidationError({"is_default": ValidationError(problem, code="taken")})

    def clean_targets(self, targets: Iterable[Target]) -> None:
        """The rules over all targets of this alias. Raises ValidationError with code weights_not_100 or only_fallbacks."""
        targets = list(targets)
        self.clean_conditions(targets)
        self.clean_weights(targets)

    def clean_conditions(self, targets: Iterable[Target]) -> None:
        """Somebody can be asked first. Raises ValidationError with code only_fallbacks."""
        enabled = [target for target in targets if target.enabled]
        if enabled and all(target.conditions for target in enabled):
            problem = "Every target waits for another one to fail. Take the conditions off the one to be asked first."
            raise ValidationError(problem, code="only_fallbacks")

    def clean_weights(self, targets: Iterable[Target]) -> None:
        """Raises ValidationError with code weights_not_100, where that is the mode."""
        if self.weight_mode != self.WeightMode.PERCENT:
            return
        weights = defaultdict(list)
        for target in targets:
            if target.enabled:
                weights[target.tier].append(target.weight or 0)
        if wrong := wrong_percentages(weights):
            raise ValidationError(
                [
                    ValidationError(
                        f"The enabled weights of tier {tier} sum to {total}, not 100. "
                        "Change them together, or set the weight mode to relative.",
                        code="weights_not_100",
                    )
                    for tier, total in sorted(wrong.items())
                ]
            )

    def save_in_turn(self, *args: Any, **kwargs: Any) -> None:
        super().save_in_turn(*args, **kwargs)
        claim(self.name, alias=self)


class Synonym(ConfigurationModel):
    """Another name of an alias."""

    alias = models.ForeignKey(Alias, on_delete=models.CASCADE, related_name="synonyms")
    name = models.CharField(**NAME_FIELD, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        clean_name(self.name, synonym=self, alias=None)

    def save_in_turn(self, *args: Any, **kwargs: Any) -> None:
        super().save_in_turn(*args, **kwargs)
        claim(self.name, synonym=self)
