"""Names of other gateways that are no names here: the nearest one that is."""

import re
from typing import Final

from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind

LONGEST_ALIAS: Final = 128
LONGEST_PROVIDER: Final = 64
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")


def fitting(name: str, longest: int = LONGEST_ALIAS) -> str:
    """`meta-llama-3.3` of `meta/llama 3.3`: what no name may hold becomes a hyphen. May be ""."""
    return _NOT_IN_A_NAME.sub("-", name).strip("-")[:longest]


def fitting_alias(fields: Fields, key: str, name: str) -> str:
    """`fitting`, and a finding where it is another name."""
    fit = fitting(name)
    if fit != name:
        message = f"A name has letters, digits, dots, hyphens and underscores only: it is “{fit}” here."
        fields.note(Kind.ADAPTED, key, message)
    return fit


def fitting_provider(name: str) -> str:
    """`fitting`, for a provider: it begins with a letter or digit, and is not the word that is kept for `direct/…`."""
    fit = fitting(name, LONGEST_PROVIDER).lstrip("._-")
    return f"{fit}-provider" if fit.lower() in ("", "direct") else fit
