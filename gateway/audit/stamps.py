"""A stamp of an entry: the same as long as nothing in it changed."""

import hashlib

import msgspec

from gateway.audit.entries import encoded
from gateway.interchange.document import Entry

STAMP_CHARACTERS = 32


def stamp_of(entry: Entry) -> str:
    """A hash of all that the entry says, those within it included: of an alias with its targets and synonyms."""
    return stamp_of_encoded(encoded(entry))


def stamp_of_encoded(text: bytes | msgspec.Raw) -> str:
    """As `stamp_of`, of an entry that was encoded already."""
    return hashlib.sha256(text).hexdigest()[:STAMP_CHARACTERS]
