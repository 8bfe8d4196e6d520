"""What is wrong with an answer of a 200: an error in its place, nothing in it, or another shape than was asked for.

Only what has content may be called an answer, in the words of the stream reader: text, a refusal, tool calls, thoughts,
audio. An answer cut at its length, or by a filter, is meant to be empty; so may a completion, which found nothing to
insert between its prefix and its suffix.
Source: https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from providers.wire.members import without_surrogates
from providers.wire.openai_chat.response import is_something
from providers.wire.openai_chat.said import Said, says_something

ENDED_BY_ITSELF: Final = frozenset({None, "", "stop", "end_turn", "eos", "stop_sequence", "tool_calls"})
"""Finish reasons after which there should be something. The last: Gemini announces calls and makes none."""
FAILED: Final = "error"
"""OpenRouter's finish reason where the model behind it failed."""


class Fault(StrEnum):
    """What is wrong."""

    NOT_JSON = "not a JSON object"
    ERROR = "an error"
    OTHER_SHAPE = "not the answer that was asked for"
    EMPTY = "nothing in it"


class _Choice(msgspec.Struct):
    message: Said | None = None
    finish_reason: str | None = None
    error: msgspec.Raw = msgspec.Raw()


class _Answer(msgspec.Struct):
    choices: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    object: msgspec.Raw = msgspec.Raw()
    type: msgspec.Raw = msgspec.Raw()


_ANSWER = msgspec.json.Decoder(_Answer)
_CHOICES = msgspec.json.Decoder(list[_Choice])
_LIST_OF: Final = {"chat": "choices", "completions": "choices", "embeddings": "data"}


def fault_of(body: bytes, api_type: str) -> Fault | None:
    """What is wrong with the answer to a request of this API type; None if it can go to the caller. Never raises."""
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        whole = without_surrogates(body)
        return fault_of(whole, api_type) if whole != body else Fault.NOT_JSON
    if is_error(answer):
        return Fault.ERROR
    if api_type not in _LIST_OF:
        return None
    held: msgspec.Raw = getattr(answer, _LIST_OF[api_type])
    if bytes(memoryview(held)[:1]) != b"[" or not is_something(held):
        return Fault.OTHER_SHAPE
    return _fault_of_choices(held) if api_type == "chat" else None


def is_error(answer: _Answer) -> bool:
    """OpenAI's `error`; vLLM's and Mistral's `"object": "error"`; Anthropic's `"type": "error"`."""
    return is_something(answer.error) or b'"error"' in (bytes(answer.object), bytes(answer.type))


def _fault_of_choices(raw: msgspec.Raw) -> Fault | None:
    """One good choice makes a good answer."""
    try:
        choices = _CHOICES.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # A shape that we do not know may well be what the caller waits for.
    faults = [_fault_of_choice(choice) for choice in choices]
    return None if None in faults else faults[0]


def _fault_of_choice(choice: _Choice) -> Fault | None:
    if choice.finish_reason == FAILED or is_something(choice.error):
        return Fault.ERROR
    if choice.message is not None and says_something(choice.message):
        return None
    return Fault.EMPTY if choice.finish_reason in ENDED_BY_ITSELF else None
