"""What a demo model says, in the shapes of OpenAI's API."""

import base64
import json
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from gateway.demo.answers import CHAT_MODELS, EMBEDDING_MODELS, Answer, embedding, tokens_in
from gateway.demo.calls import EmbeddingsCall, Refused, TextCall

Body = dict[str, Any]  # Any: JSON on its way out

STREAM_END = b"data: [DONE]\n\n"


def chat(call: TextCall, answer: Answer, *, id: str, created: int) -> Body:
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
    return {**_head(call, "chat.completion", id, created), "choices": [choice], "usage": usage(answer)}


def completion(call: TextCall, answer: Answer, *, id: str, created: int) -> Body:
    choice = {"index": 0, "text": answer.text, "logprobs": None, "finish_reason": answer.finish_reason}
    return {**_head(call, "text_completion", id, created), "choices": [choice], "usage": usage(answer)}


def chat_chunks(call: TextCall, answer: Answer, *, id: str, created: int) -> Iterator[Body]:
    """The role, a chunk for each word, the reason for the end, and the usage if it was asked for."""
    head = _head(call, "chat.completion.chunk", id, created)
    yield head | {"choices": [_delta({"role": "assistant", "content": ""})]}
    for word in answer.words:
        yield head | {"choices": [_delta({"content": word})]}
    yield head | {"choices": [_delta({}, answer.finish_reason)]}
    if call.wants_usage:
        yield head | {"choices": [], "usage": usage(answer)}


def completion_chunks(call: TextCall, answer: Answer, *, id: str, created: int) -> Iterator[Body]:
    head = _head(call, "text_completion", id, created)
    for word in answer.words:
        yield head | {"choices": [{"index": 0, "text": word, "logprobs": None, "finish_reason": None}]}
    yield head | {"choices": [{"index": 0, "text": "", "logprobs": None, "finish_reason": answer.finish_reason}]}
    if call.wants_usage:
        yield head | {"choices": [], "usage": usage(answer)}


def embeddings(call: EmbeddingsCall) -> Body:
    vectors = [embedding(text, call.dimensions) for text in call.inputs]
    count = sum(tokens_in(text) for text in call.inputs)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _packed(vector) if call.as_base64 else vector}
            for index, vector in enumerate(vectors)
        ],
        "model": call.model,
        "usage": {"prompt_tokens": count, "total_tokens": count},
    }


def models() -> Body:
    return {"object": "list", "data": [model(name) for name in (*CHAT_MODELS, *EMBEDDING_MODELS)]}


def model(name: str) -> Body:
    """Raises Refused where there is no such model."""
    if name not in (*CHAT_MODELS, *EMBEDDING_MODELS):
        raise Refused(f"The demo has no model “{name}”.", status=404, param="model", code="model_not_found")
    return {"id": name, "object": "model", "created": 0, "owned_by": "plexus-demo"}


def error(refused: Refused) -> Body:
    kind = "invalid_request_error"
    return {"error": {"message": refused.message, "type": kind, "param": refused.param, "code": refused.code}}


def usage(answer: Answer) -> Body:
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
    }


def encode(body: Body) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def event(body: Body) -> bytes:
    """One server-sent event."""
    return b"data: " + encode(body) + b"\n\n"


def _head(call: TextCall, object: str, id: str, created: int) -> Body:
    return {"id": id, "object": object, "created": created, "model": call.model}


def _delta(delta: Body, finish_reason: str | None = None) -> Body:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _packed(vector: Sequence[float]) -> str:
    """Little-endian 32-bit floats in base64, as the official SDK asks for by default."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
