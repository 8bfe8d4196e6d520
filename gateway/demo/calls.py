"""A request's body -> what is asked of a demo model, or a refusal in OpenAI's words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.demo.answers import CHAT_MODELS, DIMENSIONS, EMBEDDING_MODELS

MAX_DIMENSIONS = 4096
MAX_INPUTS = 2048

Body = Mapping[str, Any]  # Any: JSON as it came


class Refused(Exception):
    """The caller's mistake."""

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str = "invalid_value"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCall:
    """A chat or a completion."""

    model: str
    question: str
    """The last thing the user said."""
    asked: str
    """Everything that was sent, for counting."""
    max_tokens: int | None
    streams: bool
    wants_usage: bool
    """At the end of a stream. A whole answer always has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingsCall:
    model: str
    inputs: Sequence[str]
    dimensions: int
    as_base64: bool


def decode(raw: bytes) -> Body:
    """Raises Refused."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise Refused("The body is not valid JSON.", code="invalid_json") from exc
    if not isinstance(body, dict):
        raise Refused("The body must be a JSON object.", code="invalid_json")
    return body


def chat(body: Body) -> TextCall:
    """Raises Refused."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("“messages” must be an array with at least one message.", param="messages")
    if not all(isinstance(message, dict) for message in messages):
        raise Refused("Each message must be an object.", param="messages")
    said = [(message.get("role"), _text_of(message.get("content"))) for message in messages]
    question = next((text for role, text in reversed(said) if role == "user"), "")
    return _text_call(body, question=question, asked="\n".join(text for _, text in said))


def completion(body: Body) -> TextCall:
    """Raises Refused."""
    prompt = _text_of(body.get("prompt"))
    return _text_call(body, question=prompt, asked=prompt)


def embeddings(body: Body) -> EmbeddingsCall:
    """Raises Refused."""
    given = body.get("input")
    inputs = given if isinstance(given, list) else [given]
    if given and all(isinstance(token, int) for token in inputs):
        inputs = [given]  # one text, given as its tokens
    if not 1 <= len(inputs) <= MAX_INPUTS or not all(isinstance(text, str | list) and text for text in inputs):
        raise Refused(f"“input” must be a text or 1 to {MAX_INPUTS} of them, none empty.", param="input")
    return EmbeddingsCall(
        model=_model(body, EMBEDDING_MODELS),
        inputs=[text if isinstance(text, str) else json.dumps(text) for text in inputs],
        dimensions=_count(body, "dimensions", most=MAX_DIMENSIONS) or DIMENSIONS,
        as_base64=body.get("encoding_format") == "base64",
    )


def _text_call(body: Body, *, question: str, asked: str) -> TextCall:
    options = body.get("stream_options")
    return TextCall(
        model=_model(body, CHAT_MODELS),
        question=question,
        asked=asked,
        max_tokens=_count(body, "max_completion_tokens") or _count(body, "max_tokens"),
        streams=body.get("stream") is True,
        wants_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def _model(body: Body, known: Sequence[str]) -> str:
    model = body.get("model")
    if model not in known:
        there = ", ".join(known)
        raise Refused(
            f"The demo has no model “{model}” for this. It has: {there}.",
            status=404,
            param="model",
            code="model_not_found",
        )
    return str(model)


def _count(body: Body, name: str, *, most: int = 1_000_000) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or not 1 <= value <= most:
        raise Refused(f"“{name}” must be a whole number from 1 to {most}.", param=name)
    return value


def _text_of(content: object) -> str:
    """The text of a message's content or a prompt: a string, or the text parts of an array; else empty."""
    match content:
        case str():
            return content
        case list():
            return " ".join(filter(None, map(_text_of, content)))
        case {"text": str(text)}:
            return text
        case _:
            return ""
