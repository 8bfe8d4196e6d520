"""Read the events of an OpenAI stream on their way: what each one is, and what the stream came to.

The events themselves pass as they are. A stream is complete when every choice that was seen has a finish reason: a
connection that closes early looks just like the end, and `[DONE]` is left out by some and sent too soon by others.
Source: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from providers.pricing import Usage
from providers.wire.members import without_surrogates
from providers.wire.openai_chat.response import is_something, usage_of
from providers.wire.openai_chat.said import Said, says_something
from providers.wire.sse import data_of


class Seen(StrEnum):
    """What an event is; all but HIDDEN are for the caller."""

    CONTENT = "content"
    """The first of these commits the exchange to its upstream."""
    LIFECYCLE = "lifecycle"
    """A role, a finish reason, a comment, a usage the caller asked for: nothing that the model said."""
    HIDDEN = "hidden"
    """The chunk with the usage alone, which we asked for and the caller did not."""
    DONE = "done"
    ERROR = "error"


class _Choice(msgspec.Struct):
    index: int | None = None
    delta: Said | None = None
    text: msgspec.Raw = msgspec.Raw()
    """Of the older completions API, in place of `delta`."""
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    object: msgspec.Raw = msgspec.Raw()


_CHUNK = msgspec.json.Decoder(_Chunk)


class _WordDelta(msgspec.Struct, gc=False):
    content: str | None = None


class _WordChoice(msgspec.Struct, gc=False):
    index: int = 0
    delta: _WordDelta | None = None
    text: str | None = None
    finish_reason: None = None


class _Word(msgspec.Struct, gc=False):
    """A chunk that brings a piece of text and nothing else, as nearly all do. Any other shape is an error of the decoder."""

    choices: tuple[_WordChoice]
    usage: msgspec.Raw = msgspec.Raw()
    error: None = None
    object: str = ""


_WORD = msgspec.json.Decoder(_Word)
_LONGEST_NOTHING = len("null")


class StreamReader:
    """Fed with whole events, in order; one reader per stream."""

    def __init__(self, *, wants_usage_chunk: bool) -> None:
        self._wants_usage_chunk = wants_usage_chunk
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self.usage: Usage | None = None
        """The last one told: some upstreams count up with every chunk."""
        self.finish_reason: str | None = None
        """The first one told."""
        self.is_done = False
        """`[DONE]` was seen."""

    @property
    def is_complete(self) -> bool:
        """Every choice that was seen has ended as it should."""
        return bool(self._begun) and self._begun == self._ended

    def feed(self, event: bytes) -> Seen:
        """What `event` is. Never raises: what cannot be read is relayed."""
        choice = _word_of(event)
        if choice is not None:
            self._begun.add(choice.index)
            return Seen.CONTENT
        return self._feed_any(event)

    def _feed_any(self, event: bytes) -> Seen:
        data = data_of(event)
        if data is None:
            return Seen.LIFECYCLE
        if data.strip() == b"[DONE]":
            self.is_done = True
            return Seen.DONE
        if event.startswith(b"event: error"):
            return Seen.ERROR
        chunk = _decode(data)
        if chunk is None:
            # An object of unknown shape may well be what the caller waits for; other text is noise.
            return Seen.CONTENT if data.lstrip().startswith(b"{") else Seen.LIFECYCLE
        return self._read(chunk)

    def _read(self, chunk: _Chunk) -> Seen:
        # vLLM writes {"object": "error", "message": …} where others write {"error": {…}}.
        if is_something(chunk.error) or bytes(chunk.object) == b'"error"':
            return Seen.ERROR
        tells_usage = self._keep_usage(chunk.usage)
        if not chunk.choices:
            return Seen.HIDDEN if tells_usage and not self._wants_usage_chunk else Seen.LIFECYCLE
        has_content = False
        for choice in chunk.choices:
            self._keep_end(choice)
            said = choice.delta
            has_content = has_content or (is_something(choice.text) if said is None else says_something(said))
        return Seen.CONTENT if has_content else Seen.LIFECYCLE

    def _keep_usage(self, raw: msgspec.Raw) -> bool:
        """Whether the chunk has a usage, readable or not."""
        if not is_something(raw):
            return False
        self.usage = usage_of(raw) or self.usage
        return True

    def _keep_end(self, choice: _Choice) -> None:
        index = choice.index or 0
        self._begun.add(index)
        if choice.finish_reason:
            self._ended.add(index)
            self.finish_reason = self.finish_reason or choice.finish_reason


def _word_of(event: bytes) -> _WordChoice | None:
    """The choice that `event` brings a piece of text for, where it does that and nothing else."""
    # One line of data, and no other.
    if not event.startswith(b"data: {") or event.find(b"\n") != len(event) - 2 or b"\r" in event:
        return None
    try:
        word = _WORD.decode(event[6:])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    (choice,) = word.choices
    if len(word.usage) > _LONGEST_NOTHING or word.object == "error":
        return None
    said = choice.text if choice.delta is None else choice.delta.content
    return choice if said else None


def _decode(data: bytes) -> _Chunk | None:
    try:
        return _CHUNK.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        whole = without_surrogates(data)
        return _decode(whole) if whole != data else None
