"""What reading or applying a configuration file has to say, and about which place in the file."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What became of the place that a finding is about."""

    REFUSED = "refused"
    """It cannot be imported, and nothing else is either."""
    ADAPTED = "adapted"
    """Imported, with another meaning than it had where it comes from."""
    IGNORED = "ignored"
    """Not imported; the rest is."""
    WARNING = "warning"
    """Imported as it stands, and something is missing before it works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere in a file."""

    path: str = ""
    """As a person would write it: `models[0].targets[1].weight`. Empty: the file as a whole."""
    line: int | None = None
    """Counted from 1; None when it is not known."""

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line is not None else ""
        return f"{self.path} ({line})" if self.path and line else self.path or line or "the file"


NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence about one place. It never holds a secret."""

    kind: Kind
    place: Place = NOWHERE
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def has_refusals(findings: Iterable[Finding]) -> bool:
    return any(finding.kind is Kind.REFUSED for finding in findings)
