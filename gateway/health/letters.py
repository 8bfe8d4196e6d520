"""What a process writes for the others: a Word for their minds, each second, and a Sheet for pages that people look at.

Both travel as signed text (routing/snapshot/seal.py): whoever can write to Redis, and has not our SECRET_KEY, can neither
close an upstream nor clear it; and what another installation writes into the same Redis is not ours.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from routing.health.news import News
from routing.health.told import Told
from routing.snapshot.seal import NotOurs, seal, unseal

SUBJECT_OF_WORDS = "health_word"
SUBJECT_OF_SHEETS = "health_sheet"
RELEASE = 1
"""Raised when a shape changes: processes of two releases do not hear each other while one replaces the other."""


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the others should know to choose well."""

    news: Sequence[News] = ()
    in_flight: dict[str, int] = {}
    """Upstream key -> requests in flight from this process."""

    @property
    def is_empty(self) -> bool:
        return not (self.news or self.in_flight)


class Trail(msgspec.Struct, frozen=True, array_like=True):
    """Answers and failures of the last minutes."""

    first: int = 0
    """The number of the first span, counted since the epoch: so the trails of several processes can be laid together."""
    good: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()
    """As many as `good`."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One upstream, as one process sees it."""

    told: Told
    trail: Trail = Trail()


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """All that one process can show: the upstreams that it has lately had to do with."""

    upstreams: Sequence[Shown] = ()

    @property
    def is_empty(self) -> bool:
        return not self.upstreams


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
