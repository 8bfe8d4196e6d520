"""Configuration files, in and out. One module per foreign format; a new one is a line in IMPORTERS."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.interchange import plexus
from gateway.interchange.document import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """One format that configuration can be read from."""

    label: str
    read: Callable[[str], Reading]
    """Never raises: what is wrong with the text is among the findings."""


IMPORTERS: dict[str, Importer] = {
    "plexus": Importer(label="Plexus YAML", read=plexus.read),
}
