"""All configuration at one moment, as a revision keeps it: compressed JSON."""

import zlib
from collections.abc import Iterable

import msgspec

from gateway.audit.entries import ClientKeyEntry, document_of, encoded, key_of, kind_of, top_level
from gateway.interchange.document import AliasEntry, Document

CLIENT_KEY = kind_of(ClientKeyEntry)
FAST = 1
"""zlib's level: a large configuration is compressed at every change, and a higher one gains a fifth."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is recorded. No secret is in it."""

    entries: dict[str, dict[str, msgspec.Raw]] = {}
    """Kind -> name -> the entry, encoded: most are only compared, so most are never decoded. Client keys are among them."""
    seals: dict[str, str] = {}
    """Provider -> a fingerprint of its sealed credential: tells that another key was entered, and nothing about it."""
    header_seals: dict[str, dict[str, str]] = {}
    """The same for those of its extra headers that are sealed: provider -> header -> fingerprint."""

    ids: dict[str, dict[str, int]] = {}
    """Kind -> name -> the row's id: a row that was renamed is still the same. A model's name is `provider/model` here."""

    @property
    def configured(self) -> "Contents":
        """What a rollback can bring back: no client keys, and no secrets."""
        entries = {kind: rows for kind, rows in self.entries.items() if kind != CLIENT_KEY}
        return Contents(entries=entries, ids=self.ids)

    @property
    def document(self) -> Document:
        """What an export of that moment says."""
        return document_of(self.entries)


def contents_of(
    document: Document,
    aliases: dict[str, msgspec.Raw],
    keys: Iterable[ClientKeyEntry],
    seals: dict[str, str],
    header_seals: dict[str, dict[str, str]],
    ids: dict[str, dict[str, int]],
) -> Contents:
    """`aliases`: those of the document, encoded already."""
    entries: dict[str, dict[str, msgspec.Raw]] = {kind_of(AliasEntry): aliases}
    for kind, entry in top_level(document):
        entries.setdefault(kind, {})[str(key_of(entry))] = msgspec.Raw(encoded(entry))
    entries[CLIENT_KEY] = {key.name: msgspec.Raw(encoded(key)) for key in keys}
    return Contents(entries=entries, seals=seals, header_seals=header_seals, ids=ids)


def packed(contents: Contents) -> bytes:
    return zlib.compress(msgspec.json.encode(contents), FAST)


_decoder = msgspec.json.Decoder(Contents)


def unpacked(data: bytes) -> Contents:
    """Raises zlib.error or msgspec.DecodeError on what `packed` did not make."""
    return _decoder.decode(zlib.decompress(data))
