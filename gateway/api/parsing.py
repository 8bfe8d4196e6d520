"""Bodies that mean one thing only: no key twice, no number that is none, no text that a database cannot hold."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MOST_DEEP = 100

JSON = Any  # Any: whatever a body says


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it, and what it leaves open refused."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> JSON:
        """Raises ParseError."""
        return read_json(stream.read())


def read_json(raw: bytes) -> JSON:
    """Raises ParseError, which says where and repeats nothing."""
    try:
        body = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_each_once,
            parse_constant=_no_number,
            parse_float=_finite,
        )
        _check_texts(body)
    except RecursionError as exc:
        raise ParseError("This is nested too deeply.") from exc
    except UnicodeDecodeError as exc:
        raise ParseError("This is not UTF-8.") from exc
    except json.JSONDecodeError as exc:
        raise ParseError(f"This is no JSON: {exc.msg} in line {exc.lineno}, column {exc.colno}.") from exc
    except ValueError as exc:  # Python refuses whole numbers of more than 4,300 digits
        raise ParseError("A number has too many digits.") from exc
    return body


def _each_once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ParseError("A key stands twice in one object.")
    return members


def _no_number(name: str) -> NoReturn:
    raise ParseError(f"{name} is no number in JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ParseError("A number is too large.")
    return number


def _check_texts(value: JSON, depth: int = 0) -> None:
    if depth > MOST_DEEP:
        raise ParseError("This is nested too deeply.")
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ParseError("A text holds a NUL or half a character, which no database keeps.")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _check_texts(name, depth)
            _check_texts(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_texts(inner, depth + 1)
