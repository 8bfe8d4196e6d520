"""Text -> nodes -> what one format makes of them."""

from collections.abc import Callable

from gateway.interchange.document import Document, Reading
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.yaml_nodes import MalformedYAML, Node, nodes_of

Understand = Callable[[Node | None, list[Finding]], Document]
"""One format: the root of a file, and where to put what there is to say about it."""


def read_yaml(text: str, understand: Understand) -> Reading:
    """Understand the text as far as it goes. Never raises: a refusal is a finding."""
    findings: list[Finding] = []
    try:
        document = understand(nodes_of(text), findings)
    except MalformedYAML as exc:
        findings.append(Finding(kind=Kind.REFUSED, place=Place(line=exc.line), message=exc.message))
        document = Document(is_whole=False)
    return Reading(document=document, findings=tuple(findings))
