"""Read an answer of OpenAI's chat, completions or embeddings API for what history keeps; the bytes pass as they are.

Upstreams that call themselves compatible write odd things. What cannot be understood is unknown, never an error: only
an answer that is no JSON object at all is refused.
Source: https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from providers.pricing import Usage
from providers.wire.base import MalformedAnswer
from providers.wire.members import without_surrogates

MOST_TOKENS: Final = 2**31 - 1
"""The largest integer a database column holds; a larger count is a mistake."""

Tokens = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]


class _InputDetails(msgspec.Struct):
    cached_tokens: Tokens | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: Tokens | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: Tokens
    completion_tokens: Tokens | None = None
    """Embeddings have none."""
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None


class _Choice(msgspec.Struct):
    finish_reason: str | None = None


class _Answer(msgspec.Struct):
    """An answer as it should be: read in one pass, all else of it skipped."""

    usage: _Usage | None = None
    error: msgspec.Raw = msgspec.Raw()
    choices: list[_Choice] | None = None


class _OddAnswer(msgspec.Struct):
    """Any other: each member is then read by itself, so that one that is odd does not hide the others."""

    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    choices: msgspec.Raw = msgspec.Raw()


class _SaidMessage(msgspec.Struct, gc=False):
    content: str


class _SaidChoice(msgspec.Struct, gc=False):
    message: _SaidMessage
    finish_reason: str | None = None
    error: None = None


class _SaidAnswer(msgspec.Struct, gc=False):
    """A chat answer that says something, as nearly all do. Any other shape is an error of the decoder."""

    choices: tuple[_SaidChoice]
    usage: _Usage | None = None
    error: None = None
    object: str | None = None
    type: str | None = None


_SAID = msgspec.json.Decoder(_SaidAnswer)
_ERROR_WORD: Final = "error"
_ANSWER = msgspec.json.Decoder(_Answer)
_ODD_ANSWER = msgspec.json.Decoder(_OddAnswer)
_USAGE = msgspec.json.Decoder(_Usage)
_CHOICES = msgspec.json.Decoder(list[_Choice])


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a whole answer."""

    usage: Usage | None
    finish_reason: str | None
    """Of the first choice."""
    is_error: bool
    """It has an `error`, whatever the status said."""


def read_good_answer(body: bytes) -> Answer | None:
    """What a chat answer tells that has one choice, and text in it; None for every other, which need not be a bad one."""
    try:
        answer = _SAID.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    (choice,) = answer.choices
    if not choice.message.content or _ERROR_WORD in (choice.finish_reason, answer.object, answer.type):
        return None
    usage = None if answer.usage is None else _usage(answer.usage)
    return Answer(usage=usage, finish_reason=choice.finish_reason, is_error=False)


def read_answer(body: bytes) -> Answer:
    """Raises MalformedAnswer where `body` is not a JSON object."""
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_odd_answer(body)
    return Answer(
        usage=None if answer.usage is None else _usage(answer.usage),
        finish_reason=answer.choices[0].finish_reason if answer.choices else None,
        is_error=is_something(answer.error),
    )


def _read_odd_answer(body: bytes) -> Answer:
    answer = _decode(body)
    return Answer(
        usage=usage_of(answer.usage),
        finish_reason=_finish_reason(answer.choices),
        is_error=is_something(answer.error),
    )


def usage_of(raw: msgspec.Raw) -> Usage | None:
    """From the JSON of a `usage` member; absent, null and nonsense give `None`."""
    try:
        return _usage(_USAGE.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _usage(usage: _Usage) -> Usage:
    given, made = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens or 0,
        cached_input_tokens=given.cached_tokens or 0 if given else 0,
        reasoning_tokens=made.reasoning_tokens or 0 if made else 0,
    )


def is_something(raw: msgspec.Raw) -> bool:
    """Whether a member is there and neither null, false nor empty."""
    return len(raw) > 5 or bytes(raw) not in (b"", b"null", b"false", b'""', b"[]", b"{}")


def _decode(body: bytes) -> _OddAnswer:
    try:
        return _ODD_ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        whole = without_surrogates(body)
        if whole != body:
            return _decode(whole)
        raise MalformedAnswer("upstream_protocol_error", "The upstream's answer is not a JSON object.") from exc


def _finish_reason(raw: msgspec.Raw) -> str | None:
    try:
        choices = _CHOICES.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return choices[0].finish_reason if choices else None
