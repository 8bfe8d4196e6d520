"""Slips of the pen in a file: a value of the wrong type, and a key that is almost one that is known."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.yaml_nodes import Items, Keys, Node, Scalar

LEAST_LIKENESS: Final = 0.8
"""1 is the same word. High enough that `weights` is `weight`, and `url` is nothing of ours."""
_QUOTES: Final = " Put it in quotes."


def refusal(place: Place, expected: str, node: Node) -> Finding:
    """It should have been `expected`. The value itself is not shown: it may be a secret."""
    is_unquoted = expected == "text" and isinstance(node, Scalar) and node.value is not None
    message = f"Expected {expected}, found {_described(node)}.{_QUOTES if is_unquoted else ''}"
    return Finding(kind=Kind.REFUSED, place=place, message=message)


def nearest(key: str, known: Collection[str]) -> str | None:
    """The known key that was most likely meant: written another way, as `base_urls`, or with a slip, as `baseUrl`."""
    plain = {name.lower().replace("_", ""): name for name in known}
    found = get_close_matches(key.lower().replace("_", ""), plain, n=1, cutoff=LEAST_LIKENESS)
    return plain[found[0]] if found else None


def _described(node: Node) -> str:
    match node:
        case Items():
            return "a list"
        case Keys():
            return "a mapping"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=str()):
            return "text"
        case _:
            return "a number"
