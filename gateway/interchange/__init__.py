"""Configuration files, in and out. One package per format; a new one is a line in IMPORTERS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.interchange import agentgateway, litellm, plano, plexus, plexus_2
from gateway.interchange.document import Reading
from gateway.interchange.recognising import Recognise
from gateway.interchange.yaml_nodes import MalformedYAML, Node, documents_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """One format that configuration can be read from."""

    label: str
    read: Callable[[str], Reading]
    """Never raises: what is wrong with the text is among the findings."""
    recognises: Recognise | None = None
    """Whether a file is of this format. None: it is the one for everything else."""


IMPORTERS: dict[str, Importer] = {
    "plexus": Importer(label="Plexus YAML", read=plexus.read),
    "plexus-2": Importer(label="the older Plexus’s configuration", read=plexus_2.read, recognises=plexus_2.recognises),
    "plano": Importer(label="Plano YAML", read=plano.read, recognises=plano.recognises),
    "agentgateway": Importer(label="agentgateway YAML", read=agentgateway.read, recognises=agentgateway.recognises),
    "litellm": Importer(label="LiteLLM YAML", read=litellm.read, recognises=litellm.recognises),
}
NATIVE = "plexus"


def format_of(text: str) -> str:
    """The format, by a look at the keys at the top: the file need not be well-formed."""
    documents = _documents(text)
    for name, importer in IMPORTERS.items():
        if importer.recognises is not None and importer.recognises(text, documents):
            return name
    return NATIVE


def _documents(text: str) -> Sequence[Node]:
    """None when it is not well-formed: whoever reads it says what is wrong."""
    try:
        return documents_of(text, infinity_is_none=True)
    except MalformedYAML:
        return []
