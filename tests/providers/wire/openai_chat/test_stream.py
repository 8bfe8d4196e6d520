"""Reading a stream's events on their way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.pricing import Usage
from providers.wire.openai_chat import Seen, StreamReader, error_event, stream


def chunk(delta: object = None, *, finish_reason: str | None = None, index: int = 0, **members: object) -> bytes:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish_reason}
    return event({"model": "gpt-4o", "choices": [choice], **members})


def event(data: object) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


USAGE_CHUNK = event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})


def test_a_whole_stream_is_told_event_by_event() -> None:
    reader = StreamReader(wants_usage_chunk=False)
    events = [
        b": comment\n\n",
        chunk({"role": "assistant", "content": ""}, usage=None),
        chunk({"content": "Hi"}, usage=None),
        chunk(finish_reason="stop", usage=None),
        USAGE_CHUNK,
        b"data: [DONE]\n\n",
    ]

    seen = [reader.feed(event) for event in events]

    assert seen == [Seen.LIFECYCLE, Seen.LIFECYCLE, Seen.CONTENT, Seen.LIFECYCLE, Seen.HIDDEN, Seen.DONE]
    assert reader.usage == Usage(input_tokens=9, output_tokens=3)
    assert (reader.finish_reason, reader.is_complete, reader.is_done) == ("stop", True, True)


def test_a_caller_who_asked_sees_the_usage_chunk() -> None:
    reader = StreamReader(wants_usage_chunk=True)

    assert reader.feed(USAGE_CHUNK) == Seen.LIFECYCLE
    assert reader.usage == Usage(input_tokens=9, output_tokens=3)


def test_a_usage_beside_choices_is_kept_and_shown() -> None:
    reader = StreamReader(wants_usage_chunk=False)

    assert reader.feed(chunk({"content": "a"}, usage={"prompt_tokens": 5, "completion_tokens": 1})) == Seen.CONTENT
    assert (
        reader.feed(chunk(finish_reason="stop", usage={"prompt_tokens": 5, "completion_tokens": 2})) == Seen.LIFECYCLE
    )
    assert reader.usage == Usage(input_tokens=5, output_tokens=2)


def test_a_chunk_without_choices_and_usage_is_shown() -> None:
    """Azure begins with one that holds its prompt filter's results."""
    assert StreamReader(wants_usage_chunk=False).feed(event({"choices": [], "usage": None})) == Seen.LIFECYCLE


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"refusal": "no"},
        {"tool_calls": [{"index": 0}]},
        {"function_call": {"name": "f"}},
        {"reasoning_content": "hm"},
        {"reasoning": "hm"},
        {"audio": {"data": "AAAA"}},
        {"images": [{"type": "image_url", "image_url": {"url": "data:"}}]},
    ],
)
def test_whatever_the_model_makes_is_content(delta: object) -> None:
    assert StreamReader(wants_usage_chunk=False).feed(chunk(delta)) == Seen.CONTENT


@pytest.mark.parametrize("delta", [{}, {"role": "assistant"}, {"content": None, "refusal": None, "tool_calls": []}])
def test_an_empty_delta_is_not_content(delta: object) -> None:
    assert StreamReader(wants_usage_chunk=False).feed(chunk(delta)) == Seen.LIFECYCLE


def test_text_of_the_older_api_is_content() -> None:
    reader = StreamReader(wants_usage_chunk=False)

    assert reader.feed(event({"choices": [{"index": 0, "text": "x", "finish_reason": None}]})) == Seen.CONTENT
    assert reader.feed(event({"choices": [{"index": 0, "text": "", "finish_reason": "length"}]})) == Seen.LIFECYCLE
    assert reader.is_complete


@pytest.mark.parametrize(
    "written",
    [
        error_event("gone", "upstream_error"),
        event({"error": "text"}),
        event({"object": "error", "message": "vLLM"}),
        b'event: error\ndata: {"message":"x"}\n\n',
    ],
)
def test_errors_in_a_stream_are_seen(written: bytes) -> None:
    assert StreamReader(wants_usage_chunk=False).feed(written) == Seen.ERROR


def test_a_stream_is_complete_when_every_choice_has_ended() -> None:
    reader = StreamReader(wants_usage_chunk=False)
    reader.feed(chunk({"content": "a"}, index=0))
    reader.feed(chunk({"content": "b"}, index=1))
    reader.feed(chunk(finish_reason="stop", index=0))
    before = reader.is_complete

    reader.feed(chunk(finish_reason="length", index=1))
    reader.feed(chunk({}, index=0))

    assert (before, reader.is_complete, reader.finish_reason) == (False, True, "stop")


def test_a_stream_that_only_says_done_is_not_complete() -> None:
    reader = StreamReader(wants_usage_chunk=False)

    reader.feed(b"data: [DONE]\r\n\r\n")

    assert (reader.is_done, reader.is_complete) == (True, False)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (event({"choices": "odd"}), Seen.CONTENT),
        (event({"choices": [{"finish_reason": 7}]}), Seen.CONTENT),
        (event({"choices": [{"index": None, "delta": {"content": "x"}}], "model": 7}), Seen.CONTENT),
        (b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n', Seen.CONTENT),
        (b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n', Seen.CONTENT),
        (b'data: {"a":' + b"[" * 100_000 + b"\n\n", Seen.CONTENT),
        (b"data: hello\n\n", Seen.LIFECYCLE),
        (b"data: [1]\n\n", Seen.LIFECYCLE),
        (b"data:\n\n", Seen.LIFECYCLE),
        (event({"choices": [], "usage": {"prompt_tokens": "odd"}}), Seen.HIDDEN),
    ],
)
def test_odd_events_are_relayed_and_never_raise(written: bytes, seen: Seen) -> None:
    reader = StreamReader(wants_usage_chunk=False)

    assert reader.feed(written) == seen
    assert reader.usage is None


def a_word(changes: list[tuple[str, object]], end: str) -> bytes:
    """An event with a piece of text, and some members changed, of the chunk or of its choice or delta."""
    delta: dict[str, object] = {"content": "x"}
    choice: dict[str, object] = {"index": 0, "delta": delta, "finish_reason": None}
    word: dict[str, object] = {"object": "chat.completion.chunk", "choices": [choice], "usage": None}
    for name, value in changes:
        owner = delta if name in ("content", "reasoning") else choice if name in CHOICE_MEMBERS else word
        owner[name] = value
    return f"data: {json.dumps(word, ensure_ascii=False)}{end}".encode()


CHOICE_MEMBERS = ("index", "delta", "text", "finish_reason")
NAMES = st.sampled_from(["content", "reasoning", *CHOICE_MEMBERS, "choices", "usage", "error", "object", "own"])
ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, "", "stop", "é\n", 0, 1, True, [], {}, [{}], [{}, {}], {"content": "y"}, {"prompt_tokens": 1}, "error"]
)
ENDS = st.sampled_from(["\n\n", "\n\n", "\n\n", "\r\n\r\n", "\nid: 7\n\n", "\n\r\n"])


@given(st.lists(st.tuples(NAMES, ODD), max_size=2), ENDS)
def test_the_short_way_says_of_every_event_what_the_long_way_says(changes: list[tuple[str, object]], end: str) -> None:
    written = a_word(changes, end)
    short, long = StreamReader(wants_usage_chunk=False), StreamReader(wants_usage_chunk=False)

    seen = short.feed(written)

    assert seen == long._feed_any(written)
    assert vars(short) == vars(long)


def test_a_piece_of_text_takes_the_short_way() -> None:
    assert stream._word_of(a_word([], "\n\n")) is not None
    assert stream._word_of(a_word([("text", "x"), ("delta", None)], "\n\n")) is not None
