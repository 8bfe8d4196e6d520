"""Which texts a description may be: those that come back from a file as they were written into it."""

import re
from typing import Final

UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no YAML holds, or no database: control characters but tab and line ends, and halves of surrogate pairs."""


def objection_to_text(text: str) -> str | None:
    """Why this cannot be kept, or None."""
    return "Remove the control characters: no file can hold them." if UNWRITABLE.search(text) else None
