"""Reading a stream's events on their way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.pricing import Usage
from providers.wire.openai_chat import Seen, StreamReader, error_event


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


ODD_TEXT = st.sampled_from(["", "x", "\u00e9", "a\nb", '"'])
ODD: st.SearchStrategy[object] = st.sampled_from([None, "", "stop", 0, 1, 7, [], {}, {"a": 1}, "error", True])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "choices": ODD
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "index": ODD,
                    "delta": ODD | st.fixed_dictionaries({}, optional={"content": ODD | ODD_TEXT, "reasoning": ODD}),
                    "text": ODD | ODD_TEXT,
                    "finish_reason": ODD,
                },
            ),
            max_size=2,
        ),
        "usage": ODD | st.just({"prompt_tokens": 1, "completion_tokens": 2}),
        "error": ODD,
        "object": ODD,
    },
)


@given(FIELDS, st.sampled_from(["\n\n", "\r\n\r\n", "\nid: 7\n\n", "\n:\n\n"]), st.booleans())
def test_the_short_way_says_of_every_event_what_the_long_way_says(data: object, end: str, compact: bool) -> None:
    written = ("data: " + json.dumps(data, separators=(",", ":") if compact else None) + end).encode()
    short, long = StreamReader(wants_usage_chunk=False), StreamReader(wants_usage_chunk=False)

    seen = short.feed(written)

    assert seen == long._feed_any(written)
    assert vars(short) == vars(long)
