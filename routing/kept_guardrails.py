"""Guardrails of an alias: kept as they were imported, and not enforced yet. What can be kept is what a file can hold."""

import json
from typing import Final

from providers.texts import objection_to_text

LONGEST: Final = 20_000
DEEPEST: Final = 8


def objection_to_guardrails(guardrails: object) -> str | None:
    """Why these cannot be kept, or None. They are names, each with anything that JSON can hold."""
    if not isinstance(guardrails, dict):
        return 'Write a JSON object, for instance {"max_latency": "5s"}.'
    if _depth(guardrails) > DEEPEST:
        return f"At most {DEEPEST} levels."
    try:
        text = json.dumps(guardrails, allow_nan=False, ensure_ascii=False)
    except ValueError:
        return "Numbers are finite."
    if len(text) > LONGEST:
        return f"At most {LONGEST:,} characters."
    return next((problem for one in _texts(guardrails) if (problem := objection_to_text(one))), None)


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in _texts(item))]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []
