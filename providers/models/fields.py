"""The fields that several models have alike: time limits, requests at once, prices."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

MOST_IN_FLIGHT = 100_000


def seconds(help_text: str, *, least: float = 0.1, most: float = 3600) -> models.FloatField:  # type: ignore[type-arg]
    """A time limit that falls back to a setting when it is empty."""
    return models.FloatField(
        null=True,
        blank=True,
        help_text=help_text,
        validators=[
            MinValueValidator(least, f"At least {least:g} seconds."),
            MaxValueValidator(most, f"At most {most:g} seconds."),
        ],
    )


def in_flight(help_text: str) -> models.PositiveIntegerField:  # type: ignore[type-arg]
    """How many requests may be with somebody at once, from one process of ours."""
    return models.PositiveIntegerField(
        "requests at once",
        null=True,
        blank=True,
        help_text=help_text,
        validators=[
            MinValueValidator(1, "At least 1. Disable it to give it nothing."),
            MaxValueValidator(MOST_IN_FLIGHT, f"At most {MOST_IN_FLIGHT:,}."),
        ],
    )


def usd_per_mtok(help_text: str = "") -> models.DecimalField:  # type: ignore[type-arg]
    """US dollars per million tokens."""
    return models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0), "A price is not negative.")],
        help_text=help_text,
    )
