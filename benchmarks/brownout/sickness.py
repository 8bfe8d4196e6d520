"""What can be the matter with an upstream."""

from enum import StrEnum


class Sickness(StrEnum):
    """By the names that the command line has."""

    STALLS = "stalls"
    """It takes requests and never answers."""
    LATE = "late"
    """It answers 20 s late."""
    HALF = "half"
    """It fails half the time."""
    DEAD = "dead"
    """Nobody takes connections."""
    CUTS = "cuts"
    """Its answers break off in the middle."""
