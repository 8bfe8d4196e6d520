"""A value as signed text: a line that says what it is, then its pieces, a line each.

    routing_table 17 <HMAC-SHA256 in hex, over all that follows and what it is>
    {…}
    {…}

JSON and never pickle: what is read is data, whoever wrote it.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class NotOurs(ValueError):
    """It is not signed with our key, or is no sealed text of this subject at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was sealed, not decoded yet."""

    version: int
    pieces: Sequence[bytes]


def seal(subject: str, version: int, pieces: Iterable[bytes], *, key: str) -> bytes:
    """The text to keep. Pieces have no line ends: JSON has none."""
    text = b"\n".join(pieces)
    return b"%s %d %s\n%s" % (subject.encode(), version, _signature(subject, version, text, key), text)


def unseal(sealed: bytes, subject: str, *, key: str) -> Opened:
    """Raises NotOurs."""
    head, _, text = sealed.partition(b"\n")
    version, signature = _read_head(head, subject)
    if not hmac.compare_digest(signature, _signature(subject, version, text, key)):
        raise NotOurs(f"The {subject} is not signed with our SECRET_KEY.")
    return Opened(version=version, pieces=text.split(b"\n"))


def sealed_version(head: bytes, subject: str) -> int:
    """The version that the first line claims; nothing is verified. Raises NotOurs."""
    return _read_head(head.strip(), subject)[0]


def _read_head(head: bytes, subject: str) -> tuple[int, bytes]:
    try:
        what, version, signature = head.split(b" ")
        if what != subject.encode():
            raise NotOurs(f"This is no {subject}.")
        return int(version), signature
    except ValueError as exc:
        raise NotOurs(f"This is no {subject}.") from exc


def _signature(subject: str, version: int, text: bytes, key: str) -> bytes:
    code = hmac.new(key.encode(), b"%s %d\n" % (subject.encode(), version), hashlib.sha256)
    code.update(text)  # lets other threads run meanwhile: hashlib releases the interpreter for long texts
    return code.hexdigest().encode()
