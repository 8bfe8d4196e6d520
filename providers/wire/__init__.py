"""The wire formats we speak: bytes and dicts in, values out; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.wire.base import WireFormat

CHAT: Final = WireFormat(
    label="Chat completions",
    path="/chat/completions",
    streams=True,
    input_field="messages",
    input_types=("an array",),
    usage_is_asked_for=True,
)
COMPLETIONS: Final = WireFormat(
    label="Completions",
    path="/completions",
    streams=True,
    input_field="prompt",
    # The prompt may be null: the model then starts a new document.
    input_types=("a string", "an array", "null"),
    usage_is_asked_for=True,
)
EMBEDDINGS: Final = WireFormat(
    label="Embeddings",
    path="/embeddings",
    streams=False,
    input_field="input",
    input_types=("a string", "an array"),
)
MESSAGES: Final = WireFormat(
    label="Messages (Anthropic)",
    path="/messages",
    streams=True,
    input_field="messages",
    input_types=("an array",),
)
RESPONSES: Final = WireFormat(
    label="Responses",
    path="/responses",
    streams=True,
    input_field="input",
    input_types=("a string", "an array"),
)

FORMATS: Final[Mapping[str, WireFormat]] = {
    "chat": CHAT,
    "completions": COMPLETIONS,
    "embeddings": EMBEDDINGS,
    "messages": MESSAGES,
    "responses": RESPONSES,
}


def choices() -> list[tuple[str, str]]:
    """Name and label of every format, for a model field."""
    return [(name, format.label) for name, format in FORMATS.items()]
