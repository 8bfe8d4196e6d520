"""Names with `*` in them, which stands for any characters, none included.

No regular expressions: whoever may write a pattern could else write one that holds up every request. What is done here takes
time in proportion to the length of the name, for each `*`.
"""

from collections.abc import Iterable
from typing import Final

WILDCARD: Final = "*"


def captured(pattern: str, name: str) -> str | None:
    """What the one `*` of the pattern stands for in this name; None when the name is another. `gpt-*`, `gpt-4o` -> `4o`."""
    before, _, after = pattern.partition(WILDCARD)
    if len(name) < len(before) + len(after) or not (name.startswith(before) and name.endswith(after)):
        return None
    return name[len(before) : len(name) - len(after)]


def matches(pattern: str, name: str) -> bool:
    """Whether the name is one of the pattern's, which may hold any number of `*`."""
    first, *inner = pattern.split(WILDCARD)
    if not inner:
        return pattern == name
    last = inner.pop()
    end = len(name) - len(last)
    if end < len(first) or not (name.startswith(first) and name.endswith(last)):
        return False
    place = len(first)
    for part in inner:
        # The first place that fits leaves the most for the parts that follow.
        place = name.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


def longest_first(patterns: Iterable[str]) -> list[str]:
    """The order in which patterns are looked at: the longest says most about a name. Equally long ones by the alphabet."""
    return sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
