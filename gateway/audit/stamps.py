"""A stamp of an entry: the same as long as nothing in it changed."""

import hashlib

import msgspec

from gateway.audit.entries import Written, written
from gateway.interchange.document import Entry

STAMP_CHARACTERS = 32


def stamp_of(entry: Entry) -> str:
    """A hash of all that the entry says, those within it included: of an alias with its targets and synonyms."""
    return stamp_of_written(written(entry))


def stamp_of_written(plain: Written) -> str:
    """As `stamp_of`, of an entry that was written already."""
    text = msgspec.json.encode(plain, order="sorted")
    return hashlib.sha256(text).hexdigest()[:STAMP_CHARACTERS]
