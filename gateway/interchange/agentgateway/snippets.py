"""A snippet as the documentation prints it -> plain YAML on the same lines.

kubectl apply -f- <<EOF          what stands between this and EOF is a document
kind: {{< reuse "agw-docs/snippets/backend.md" >}}      the documentation's own word for AgentgatewayBackend
"""

import re
from collections.abc import Iterator
from typing import Final

from gateway.interchange.findings import Finding, Kind, Place

_BEGIN: Final = re.compile(r"\s*(?:\$\s+)?kubectl\b.*<<-?\s*[\"']?(?P<end>\w+)[\"']?\s*")
_FENCE: Final = re.compile(r"\s*(?:```|~~~)\w*.*")
_PLACEHOLDER: Final = re.compile(r"\{\{[<%]\s*reuse\s+\"(?P<file>[^\"]*)\"\s*[>%]\}\}")
_MEANT: Final = {
    "backend": "AgentgatewayBackend",
    "namespace": "agentgateway-system",
    "policy": "AgentgatewayPolicy",
    "trafficpolicy": "AgentgatewayPolicy",
}
"""File of the documentation -> what it says there."""


def plain(text: str, findings: list[Finding]) -> str:
    """The YAML in the text, each line where it stood; of what is left out, or filled in, a finding."""
    lines = text.split("\n")
    if any(_BEGIN.fullmatch(line) for line in lines):
        lines = list(_given_to_kubectl(lines, findings))
    filled = (_filled(line, number, findings) for number, line in enumerate(lines, start=1))
    return "\n".join("" if _FENCE.fullmatch(line) else line for line in filled)


def _given_to_kubectl(lines: list[str], findings: list[Finding]) -> Iterator[str]:
    end = ""
    for number, line in enumerate(lines, start=1):
        begins = _BEGIN.fullmatch(line)
        if not end and begins:
            end = begins["end"]
            yield "---"
        elif end and line.strip() == end:
            end = ""
            yield ""
        elif end:
            yield line
        else:
            if line.strip() and not line.lstrip().startswith("#") and not _FENCE.fullmatch(line):
                message = "Only what kubectl is given is read."
                findings.append(Finding(kind=Kind.IGNORED, place=Place(line=number), message=message))
            yield ""


def _filled(line: str, number: int, findings: list[Finding]) -> str:
    def meant(match: re.Match[str]) -> str:
        name = match["file"].rpartition("/")[2].removesuffix(".md")
        word = _MEANT.get(name, name)
        message = f"The documentation's placeholder “{match['file']}” is read as “{word}”."
        findings.append(Finding(kind=Kind.ADAPTED, place=Place(line=number), message=message))
        return word

    return _PLACEHOLDER.sub(meant, line)
