"""Where in a body something is wrong, as JSON pointers (RFC 6901) into it: `#/targets/0/weight`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NON_FIELD = ("non_field_errors", "__all__")
"""What DRF and Django call the errors of a whole object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One thing that is wrong, in one place."""

    pointer: str
    """Empty where it is in no body."""
    message: str
    code: str = "invalid"

    def as_json(self) -> dict[str, str]:
        return {"pointer": self.pointer, "message": self.message, "code": self.code}


def pointer(*parts: str | int) -> str:
    """`#/targets/0/weight`; `#` for the whole body."""
    return "#" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def wrongs_in(detail: Any, at: tuple[str | int, ...] = ()) -> Iterator[Wrong]:  # Any: DRF nests lists and dicts
    """What DRF says of a body, flat. Lists of dicts are lists of the body; dicts may also be keyed by their places."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from wrongs_in(inner, at if name in NON_FIELD else (*at, name))
    elif isinstance(detail, list) and any(isinstance(one, Mapping | list) for one in detail):
        for place, inner in enumerate(detail):
            if inner:
                yield from wrongs_in(inner, (*at, place))
    elif isinstance(detail, list):
        for one in detail:
            yield from wrongs_in(one, at)
    else:
        yield Wrong(pointer=pointer(*at), message=str(detail), code=str(getattr(detail, "code", "") or "invalid"))
