"""Letters as signed text (routing/snapshot/seal.py): JSON and never pickle.

Whoever can write to Redis, and has not our SECRET_KEY, can neither close an upstream nor clear it; and what another installation
writes into the same Redis is not ours.
"""

from typing import TypeVar

import msgspec

from gateway.health.letters import Sheet, Word
from routing.snapshot.seal import NotOurs, seal, unseal

SUBJECT_OF_WORDS = "health_word"
SUBJECT_OF_SHEETS = "health_sheet"
RELEASE = 1
"""Raised when a shape changes: processes of two releases do not hear each other while one replaces the other."""

Letter = TypeVar("Letter", Word, Sheet)


def sealed_word(word: Word, key: str) -> bytes:
    return seal(SUBJECT_OF_WORDS, RELEASE, [msgspec.json.encode(word)], key=key)


def sealed_sheet(sheet: Sheet, key: str) -> bytes:
    return seal(SUBJECT_OF_SHEETS, RELEASE, [msgspec.json.encode(sheet)], key=key)


def read_word(sealed: bytes, key: str) -> Word | None:
    """None where it is not ours, or of another release."""
    return _read(sealed, SUBJECT_OF_WORDS, key, _words)


def read_sheet(sealed: bytes, key: str) -> Sheet | None:
    """None where it is not ours, or of another release."""
    return _read(sealed, SUBJECT_OF_SHEETS, key, _sheets)


def _read(sealed: bytes, subject: str, key: str, decoder: "msgspec.json.Decoder[Letter]") -> Letter | None:
    try:
        opened = unseal(sealed, subject, key=key)
        return decoder.decode(opened.pieces[0]) if opened.version == RELEASE else None
    except (NotOurs, msgspec.MsgspecError):
        return None


_words = msgspec.json.Decoder(Word)
_sheets = msgspec.json.Decoder(Sheet)
