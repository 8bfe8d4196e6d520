"""OpenAI's chat, completions and embeddings APIs, which share their answers, streams and errors."""

from __future__ import annotations

from providers.wire.openai_chat.errors import error_body, error_event, read_error
from providers.wire.openai_chat.response import Answer, read_answer, read_good_answer
from providers.wire.openai_chat.stream import Seen, StreamReader

__all__ = [
    "Answer",
    "Seen",
    "StreamReader",
    "error_body",
    "error_event",
    "read_answer",
    "read_error",
    "read_good_answer",
]
