"""agentgateway's YAML, in either of its forms -> a Document."""

from collections.abc import Sequence
from typing import Final

from gateway.interchange.agentgateway.kubernetes import read_resources
from gateway.interchange.agentgateway.snippets import plain
from gateway.interchange.agentgateway.standalone import read_standalone
from gateway.interchange.document import Document, Reading
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.reading import read_documents
from gateway.interchange.yaml_nodes import Keys, Node

_NOTHING_HERE: Final = (
    "There is neither a resource of agentgateway nor its `llm` or `binds` here, so there is nothing to import."
)

_ALONE: Final = "A configuration with `llm` or `binds` is the only document of its file. Put this one into another."


def read(text: str) -> Reading:
    """Understand the text as far as it goes. Never raises: a refusal is a finding."""
    filled: list[Finding] = []
    reading = read_documents(plain(text, filled), _document)
    return Reading(document=reading.document, findings=(*filled, *reading.findings))


def _document(roots: Sequence[Node], findings: list[Finding]) -> Document:
    for root in roots:
        if isinstance(root, Keys) and {"llm", "binds"} & root.nodes.keys():
            others = (other for other in roots if other is not root)
            findings += [Finding(kind=Kind.REFUSED, place=Place(line=other.line), message=_ALONE) for other in others]
            return read_standalone(root, findings)
    document = read_resources(roots, findings) if any(isinstance(root, Keys) for root in roots) else Document()
    if not (document.providers or any(finding.kind is Kind.REFUSED for finding in findings)):
        findings.append(Finding(kind=Kind.REFUSED, message=_NOTHING_HERE))
        return Document(is_whole=False)
    return document
