"""Configuration files, in and out. One module per foreign format; a new one is a line in IMPORTERS."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.interchange import plano, plexus
from gateway.interchange.document import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """One format that configuration can be read from."""

    label: str
    read: Callable[[str], Reading]
    """Never raises: what is wrong with the text is among the findings."""
    own_keys: tuple[str, ...] = ()
    """What only this format has at the top of a file. None: it is the one for everything else."""


IMPORTERS: dict[str, Importer] = {
    "plexus": Importer(label="Plexus YAML", read=plexus.read),
    "plano": Importer(
        label="Plano YAML", read=plano.read, own_keys=("llm_providers", "model_providers", "model_aliases")
    ),
}
NATIVE = "plexus"


def format_of(text: str) -> str:
    """The format, by a look at the keys at the top: the file need not be well-formed."""
    return next((name for name, importer in IMPORTERS.items() if _has_one_of(importer.own_keys, text)), NATIVE)


def _has_one_of(keys: tuple[str, ...], text: str) -> bool:
    return bool(keys) and re.search(rf"^[\"']?(?:{'|'.join(keys)})[\"']?\s*:", text, re.MULTILINE) is not None
