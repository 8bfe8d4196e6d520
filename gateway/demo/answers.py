"""What the demo models say. The same question always gets the same answer, and the answer says who gave it."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

CHAT_MODELS = ("small", "medium", "large")
EMBEDDING_MODELS = ("embed",)
QUOTED_CHARACTERS = 80
CHARACTERS_PER_TOKEN = 4
"""The usual rule of thumb for English."""
DIMENSIONS = 256
"""Numbers in an embedding whose caller did not ask for another length."""

CLOSINGS = {
    "small": "I am the quick one.",
    "medium": "I take a little longer and say a little more: behind me stands no network, only a short Python function.",
    "large": (
        "I am the thorough one. Behind me stands no network, only a short Python function that streams its words one by "
        "one. When you are ready for a real model, add its provider in the admin and point an alias at it: your clients "
        "keep asking for the same name."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says, and what it counts."""

    words: Sequence[str]
    """The text, cut after each space: joined, they are the whole."""
    input_tokens: int
    is_cut: bool = False
    """The caller's limit ended it."""

    @property
    def text(self) -> str:
        return "".join(self.words)

    @property
    def output_tokens(self) -> int:
        return len(self.words)

    @property
    def finish_reason(self) -> str:
        return "length" if self.is_cut else "stop"


def answer(model: str, question: str, *, asked: str, max_tokens: int | None) -> Answer:
    """The answer of `model` to `question`. `asked`: all the text that was sent, for counting."""
    words = _said_by(model, question)
    kept = words if max_tokens is None else words[:max_tokens]
    return Answer(words=kept, input_tokens=tokens_in(asked), is_cut=len(kept) < len(words))


def _said_by(model: str, question: str) -> list[str]:
    text = f"Hello! I am demo/{model}, a model that Plexus brings along. {_quoted(question)} {CLOSINGS[model]}"
    return [f"{word} " for word in text.split(" ")[:-1]] + [text.rsplit(" ", 1)[-1]]


def _quoted(question: str) -> str:
    line = " ".join(question.split())
    if not line:
        return "You said nothing, which is fine with me."
    if len(line) > QUOTED_CHARACTERS:
        line = line[: QUOTED_CHARACTERS - 1].rstrip() + "…"
    return f"You said: “{line}”"


def tokens_in(text: str) -> int:
    """A count that is near enough; at least 1."""
    return max(1, math.ceil(len(text) / CHARACTERS_PER_TOKEN))


def embedding(text: str, dimensions: int) -> list[float]:
    """A vector of length 1: as good as random, but always the same for the same text."""
    size = dimensions * 2
    digest = hashlib.shake_128(text.encode("utf-8", "surrogatepass")).digest(size)
    numbers = [int.from_bytes(digest[at : at + 2], "big", signed=True) + 0.5 for at in range(0, size, 2)]
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]
