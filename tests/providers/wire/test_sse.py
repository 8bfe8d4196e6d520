"""Cutting a stream into events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire.base import MalformedStream
from providers.wire.sse import EventSplitter, data_of, with_data

LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
PIECES = st.lists(
    st.sampled_from([b"data: x", b":", b"event: y", b"\n", b"\r", b"\r\n", "data: é".encode()]), max_size=20
)


def split(*parts: bytes) -> tuple[list[bytes], bytes]:
    """The events, and the bytes after the last of them."""
    splitter = EventSplitter()
    events = [event for part in parts for event in splitter.feed(part)]
    return events, b"".join(parts)[len(b"".join(events)) :]


@given(PIECES, st.data())
def test_every_split_of_the_bytes_gives_the_same_events(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parts = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    events, rest = split(*parts)

    assert (events, rest) == split(stream) == split(*(stream[i : i + 1] for i in range(len(stream))))
    assert b"".join(events) + rest == stream


@given(
    st.lists(st.tuples(st.binary().filter(lambda text: not set(text) & set(b"\r\n")), LINE_ENDS, LINE_ENDS), max_size=6)
)
def test_every_mixture_of_line_ends_ends_an_event(written: list[tuple[bytes, bytes, bytes]]) -> None:
    # A CR before a LF would be one line end, not two.
    whole = [b"data: " + text + a + b for text, a, b in written if (a, b) != (b"\r", b"\n")]

    events, rest = split(b"".join(whole) + b"data: last\n\n")

    assert [event.strip(b"\r\n") for event in events] == [*(event.strip(b"\r\n") for event in whole), b"data: last"]
    assert rest == b""


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\r\n\n"])
def test_an_event_is_out_with_its_last_byte(end: bytes) -> None:
    assert split(b"data: a" + end) == ([b"data: a" + end], b"")


def test_an_event_that_was_cut_off_stays_in_the_rest() -> None:
    assert split(b"data: a\n\ndata: b") == ([b"data: a\n\n"], b"data: b")
    assert split(b"data: [DONE]\n") == ([], b"data: [DONE]\n")


def test_a_large_event_in_many_reads_is_one_event() -> None:
    event = b"data: " + b"x" * 3_000_000 + b"\n\n"

    assert split(*(event[i : i + 1_000] for i in range(0, len(event), 1_000))) == ([event], b"")


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_an_event_without_end_is_refused_however_it_arrives(size: int) -> None:
    splitter = EventSplitter(longest_event_bytes=100)
    stream = b"data: " + b"x" * 200 + b"\n\n"
    parts = [stream[start : start + size] for start in range(0, len(stream), size)]

    with pytest.raises(MalformedStream, match="over 100 bytes"):
        [splitter.feed(part) for part in parts]


def test_what_follows_the_last_whole_event_of_a_read_must_not_grow_too_long_either() -> None:
    splitter = EventSplitter(longest_event_bytes=100)

    with pytest.raises(MalformedStream, match="over 100 bytes"):
        splitter.feed(b"data: a\n\ndata: " + b"x" * 100)


def test_an_event_of_just_the_longest_size_passes() -> None:
    splitter = EventSplitter(longest_event_bytes=100)
    event = b"data: ".ljust(98, b"x") + b"\n\n"

    assert splitter.feed(event + event) == [event, event]


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (b'data: {"a":1}\n\n', b'{"a":1}'),
        (b'data:{"a":1}\n\n', b'{"a":1}'),
        (b"data:  two\r\n\r\n", b" two"),
        (b"data: a\rdata: b\r\r", b"a\nb"),
        (b"event: x\nid: 1\ndata: a\ndata: b\n\n", b"a\nb"),
        (b"\ndata: a\n\n", b"a"),
        (b"data\n\n", b""),
        (b": keep-alive\n\n", None),
        (b"event: ping\n\n", None),
        (b"\n\n", None),
        (b"\n", None),
        (b"", None),
        (b"database: no\n\n", None),
    ],
)
def test_data_is_the_joined_data_lines(event: bytes, data: bytes | None) -> None:
    assert data_of(event) == data


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (b"data: {}\n\n", b"data: [1]\n\n"),
        (b"id: 7\r\ndata: {}\r\n\r\n", b"id: 7\r\ndata: [1]\r\n\r\n"),
        (b"id: 7\r\ndata: {\r\ndata: }\r\n\r\n", b"id: 7\ndata: [1]\n\n"),
        (b"data:{\rdata:\rdata: }\r\r", b"data: [1]\n\n"),
    ],
)
def test_an_event_gets_other_data_also_where_it_stood_in_several_lines(event: bytes, expected: bytes) -> None:
    assert with_data(event, b"[1]") == expected


def test_data_of_several_lines_stands_in_several_lines_again() -> None:
    event = with_data(b"data: {\r\ndata: }\r\n\r\n", b"[\n1]")

    assert event == b"data: [\ndata: 1]\n\n"
    assert data_of(event) == b"[\n1]"
