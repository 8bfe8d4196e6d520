"""What a model may say, in a message or in a piece of one: text, a refusal, tool calls, thoughts, audio, images."""

from __future__ import annotations

import msgspec

from providers.wire.openai_chat.response import is_something


class Said(msgspec.Struct):
    """A message, or the delta of a chunk. Only what has one of these in it says something."""

    content: msgspec.Raw = msgspec.Raw()
    refusal: msgspec.Raw = msgspec.Raw()
    tool_calls: msgspec.Raw = msgspec.Raw()
    function_call: msgspec.Raw = msgspec.Raw()
    audio: msgspec.Raw = msgspec.Raw()
    # Not OpenAI's, but DeepSeek's and vLLM's, and OpenRouter's: the caller sees the model think, and draw.
    reasoning_content: msgspec.Raw = msgspec.Raw()
    reasoning: msgspec.Raw = msgspec.Raw()
    images: msgspec.Raw = msgspec.Raw()


def says_something(said: Said) -> bool:
    # The likeliest first; no loop, since chunks of a stream pass here.
    return (
        is_something(said.content)
        or is_something(said.tool_calls)
        or is_something(said.reasoning_content)
        or is_something(said.reasoning)
        or is_something(said.refusal)
        or is_something(said.function_call)
        or is_something(said.audio)
        or is_something(said.images)
    )
