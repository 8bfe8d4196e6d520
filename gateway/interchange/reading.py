"""Text -> nodes -> what one format makes of them."""

from collections.abc import Callable, Sequence

from gateway.interchange.document import Document, Reading
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.yaml_nodes import MalformedYAML, Node, documents_of, nodes_of

Understand = Callable[[Node | None, list[Finding]], Document]
"""One format: the root of a file, and where to put what there is to say about it."""
UnderstandAll = Callable[[Sequence[Node], list[Finding]], Document]
"""The same, of a format that has several documents in one file."""


def read_yaml(text: str, understand: Understand) -> Reading:
    """Understand the text as far as it goes. Never raises: a refusal is a finding."""
    return _reading(lambda findings: understand(nodes_of(text), findings))


def read_documents(text: str, understand: UnderstandAll, *, infinity_is_none: bool = False) -> Reading:
    """As `read_yaml`, of all documents in the text."""
    return _reading(lambda findings: understand(documents_of(text, infinity_is_none=infinity_is_none), findings))


def _reading(understand: Callable[[list[Finding]], Document]) -> Reading:
    findings: list[Finding] = []
    try:
        document = understand(findings)
    except MalformedYAML as exc:
        findings.append(Finding(kind=Kind.REFUSED, place=Place(line=exc.line), message=exc.message))
        document = Document(is_whole=False)
    return Reading(document=document, findings=tuple(findings))
