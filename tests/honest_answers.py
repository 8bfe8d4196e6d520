"""The honest half of the faulty upstream: what an OpenAI-compatible API answers, with exact numbers for tests.

The last user message comes back as the answer; one word counts as one token.
"""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

CREATED = 1_760_000_000

SNAPSHOTS: dict[str, str] = {}
"""What a model calls itself in its answers, where a test says that it is another name, as OpenAI's do."""

# What a client sent us, decoded: its shape is the client's choice, so nothing can be said about it.
Asked = Mapping[str, Any]


def dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def error_body(message: str, *, kind: str = "invalid_request_error", code: str | None = None) -> bytes:
    return dump({"error": {"message": message, "type": kind, "param": None, "code": code}})


def a_model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "faulty"}


def is_chat(path: str) -> bool:
    return path.endswith("/chat/completions")


def last_words(asked: Asked) -> str:
    """What the caller said last: the text to echo."""
    if "messages" not in asked:
        return str(asked.get("prompt", ""))
    content = next((m["content"] for m in reversed(asked["messages"]) if m.get("role") == "user"), "")
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def pieces_of(asked: Asked, chunks: int | None) -> list[str]:
    """The answer's text in the pieces that a stream sends."""
    if chunks is not None:
        return [f"word{number} " for number in range(chunks)]
    return re.findall(r"\S+\s*|\s+", last_words(asked)) or ["…"]


def usage_of(asked: Asked, pieces: list[str]) -> dict[str, object]:
    """One token per word: wrong as counts go, but exact for a test."""
    prompt = sum(len(str(message.get("content")).split()) for message in asked.get("messages", []))
    prompt = prompt or len(str(asked.get("prompt", "")).split())
    return {
        "prompt_tokens": prompt,
        "completion_tokens": len(pieces),
        "total_tokens": prompt + len(pieces),
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def an_answer(path: str, asked: Asked, chunks: int | None) -> dict[str, object]:
    if path.endswith("/embeddings"):
        return embeddings(asked)
    pieces = pieces_of(asked, chunks)
    choice: dict[str, object] = {"index": 0, "logprobs": None, "finish_reason": "stop"}
    if is_chat(path):
        choice["message"] = {"role": "assistant", "content": "".join(pieces), "refusal": None, "annotations": []}
    else:
        choice["text"] = "".join(pieces)
    kind = "chat.completion" if is_chat(path) else "text_completion"
    return envelope(kind, asked) | {"choices": [choice], "usage": usage_of(asked, pieces)}


def envelope(kind: str, asked: Asked) -> dict[str, object]:
    return {
        "id": "chatcmpl-faulty1",
        "object": kind,
        "created": CREATED,
        "model": SNAPSHOTS.get(asked["model"], asked["model"]),
        "system_fingerprint": "fp_faulty",
    }


def stream_events(path: str, asked: Asked, chunks: int | None, finishes: bool) -> Iterator[bytes]:
    """The events of a good stream, [DONE] not included."""
    wants_usage = (asked.get("stream_options") or {}).get("include_usage") is True
    # OpenAI sends `"usage": null` in every other chunk when usage was asked for.
    pending: dict[str, object] = {"usage": None} if wants_usage else {}
    pieces = pieces_of(asked, chunks)
    head = envelope("chat.completion.chunk" if is_chat(path) else "text_completion", asked)

    def event(text: str | None, finish: str | None, **delta: str) -> bytes:
        said = {"content": text} if text is not None else {}
        body: dict[str, object] = {"delta": delta | said} if is_chat(path) else {"text": text or ""}
        choice = {"index": 0, **body, "logprobs": None, "finish_reason": finish}
        return b"data: " + dump(head | {"choices": [choice]} | pending) + b"\n\n"

    if is_chat(path):
        yield event("", None, role="assistant")
    for piece in pieces:
        yield event(piece, None)
    if finishes:
        yield event(None, "stop")
    if wants_usage and finishes:
        yield b"data: " + dump(head | {"choices": [], "usage": usage_of(asked, pieces)}) + b"\n\n"


def embeddings(asked: Asked) -> dict[str, object]:
    given = asked.get("input", "")
    texts = given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]
    vectors = [a_vector(text) for text in texts]
    as_base64 = asked.get("encoding_format") == "base64"
    rows = [
        {"object": "embedding", "index": index, "embedding": in_base64(vector) if as_base64 else vector}
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(len(str(text).split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": asked["model"], "usage": usage}


def a_vector(text: object) -> list[float]:
    """Eight numbers that depend on the text, each exact in 32 bits."""
    return [((len(str(text)) * place) % 17) / 16 for place in range(1, 9)]


def in_base64(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
