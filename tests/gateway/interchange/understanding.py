"""What one format makes of a text, before anything is in the database."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.interchange.document import Document, Reading
from gateway.interchange.findings import Kind


@dataclass(frozen=True, slots=True)
class Understanding:
    """Of one format."""

    read: Callable[[str], Reading]

    def document(self, text: str) -> Document:
        """Of a text that is not refused."""
        reading = self.read(text)
        assert not [finding for finding in reading.findings if finding.kind is Kind.REFUSED], reading.findings
        return reading.document

    def findings(self, text: str, kind: Kind) -> list[str]:
        """What there is to say of this kind."""
        return [str(finding) for finding in self.read(text).findings if finding.kind is kind]
