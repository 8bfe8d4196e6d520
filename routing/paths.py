"""The paths of custom routes: what one may look like, and whom it must leave alone."""

import re
from collections.abc import Iterable
from typing import Final

RESERVED: Final = frozenset(
    {
        *("admin", "api", "static", "v1", "chat", "completions", "embeddings", "models"),
        *("livez", "readyz", "metrics", "favicon.ico", "robots.txt"),
    }
)
"""First parts of paths that are ours: nothing stands at or below them."""
KNOWN_BELOW: Final = frozenset({"v1", "chat", "completions", "embeddings", "models"})
"""What stands below every custom route by itself."""
LONGEST_PATH: Final = 200
SERVED: Final = ("chat", "completions", "embeddings")
"""The API types that a request to a path of its own can mean."""

_PART = re.compile(r"[a-z0-9][a-z0-9._~-]*")
Objection = tuple[str, str]
"""Code and message."""


def objection_to_path(path: str) -> Objection | None:
    """Why no route may have this path, whatever the others are; or None."""
    if not path.startswith("/"):
        return "invalid_path", "A path begins with a slash: /openai."
    if path == "/":
        return "reserved", "This is the way to the admin. Choose a path below it: /openai."
    if path.endswith("/"):
        return "invalid_path", f"Leave out the slash at the end: {path.rstrip('/') or '/openai'}."
    parts = path[1:].split("/")
    if "" in parts:
        return "invalid_path", "There is nothing between two slashes. Take one of them out."
    if "." in parts or ".." in parts:
        return "invalid_path", "“.” and “..” lead elsewhere. Write the path as it is meant."
    if "%" in path:
        return "invalid_path", "Write the path without % escapes: what they stand for has no place in it either."
    if path != path.lower():
        return "invalid_path", f"Paths are told apart by case, people do not. Write {path.lower()}."
    if not all(_PART.fullmatch(part) for part in parts):
        problem = (
            "Between slashes a path has letters, digits, dots, hyphens, ~ and _, beginning with a letter or digit."
        )
        return "invalid_path", problem
    if parts[0] in RESERVED:
        return "reserved", f"/{parts[0]} is Plexus’s own. Choose another path."
    return None


def objection_among(path: str, others: Iterable[str]) -> Objection | None:
    """Why these two cannot both be: one would stand where the other answers by itself. Longer ones below others are fine."""
    for other in others:
        short, long = sorted((path, other), key=len)
        if path == other:
            return "taken", f"There is a route at {other} already. Change that one."
        if is_below(long, short) and long[len(short) + 1 :].split("/")[0] in KNOWN_BELOW:
            return "taken", f"{short} answers at {long} by itself. Choose another path."
    return None


def is_below(path: str, above: str) -> bool:
    """Whether the path is this one, or stands below it."""
    return path.startswith(above) and path[len(above) : len(above) + 1] in ("", "/")
