"""What the load generators send: one HTTP request, as the bytes that go over the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping

MODEL = "benchmark"
LETTERS = "the quick brown fox jumps over the lazy dog "


def whole(*, request_bytes: int, answer_bytes: int) -> bytes:
    """A chat completion whose body, and whose answer's, have these sizes (a few bytes more or less for the smallest)."""
    return _padded({"user": f"benchmark answer_bytes={answer_bytes}"}, request_bytes)


def stream(*, chunks_per_second: float, after_seconds: float, lasts_seconds: float, request_bytes: int = 1024) -> bytes:
    """A stream of one chunk at once, and of the others at their rate from `after_seconds` on.

    It ends by itself: a gateway that does not notice that its client has gone reads on, and would do so in later rounds.
    """
    every_us = round(1_000_000 / chunks_per_second)
    chunks = max(2, round(chunks_per_second * (lasts_seconds - after_seconds)))
    wish = f"benchmark chunks={chunks} every_us={every_us} after_us={round(1_000_000 * after_seconds)}"
    return _padded({"user": wish, "stream": True}, request_bytes)


def _padded(fields: Mapping[str, object], size: int) -> bytes:
    empty = _body(fields, "")
    prompt = LETTERS * (size // len(LETTERS) + 1)
    return _body(fields, prompt[: max(1, size - len(empty))])


def _body(fields: Mapping[str, object], prompt: str) -> bytes:
    messages = [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": prompt}]
    # What the upstream looks for stands in front: it need not search through the prompt.
    body = {"model": MODEL, **fields, "temperature": 0.7, "max_tokens": 256, "messages": messages}
    return json.dumps(body, separators=(",", ":")).encode()


def http_request(port: int, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request line, the headers that an OpenAI client sends too, and the body."""
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "OpenAI/Python 3.0.0",
        **headers,
        "Content-Length": str(len(body)),
    }
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + body
