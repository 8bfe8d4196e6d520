"""Cut a stream of server-sent events into whole events, their bytes as they came.

An event ends with a blank line; a line ends with LF, CRLF or CR, and servers mix them.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

Both official SDKs take a stream that stops early for a success, and half an event for an error of their own: only
whole events may be relayed. Bytes are kept, never lines: a line reader once buffered 157 MB of a stream without any.
"""

from __future__ import annotations

import re
from typing import Final

from providers.wire.base import MalformedStream

LONGEST_EVENT_BYTES: Final = 8 * 1024 * 1024

# A CR after a CR is a line of its own; a CR after a LF may be half of a CRLF, so the byte after it must be seen.
# Where that byte never comes, the last event of a stream stays in the rest: no known server ends lines with CR.
_BLANK_LINE = re.compile(rb"\n\n|\n\r\n|\r\r|\n\r(?=[^\n])")
_LONGEST_BLANK_LINE: Final = 3


class EventSplitter:
    """Fed with bytes as they arrive, split anywhere."""

    def __init__(self, longest_event_bytes: int = LONGEST_EVENT_BYTES) -> None:
        self._longest = longest_event_bytes
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the events that `data` completes, blank line included; keep the rest. Raises MalformedStream."""
        if not self._rest and b"\r" not in data:
            if data.endswith(b"\n\n") and data.find(b"\n\n") == len(data) - 2:
                return [self._checked(data)]  # Nearly always: one event per read.
            return self._split(data)
        searched = max(0, len(self._rest) - _LONGEST_BLANK_LINE + 1)
        self._rest += data
        return self._cut(searched)

    def _split(self, data: bytes) -> list[bytes]:
        """The same where nothing is kept from before and all lines end with LF."""
        *events, rest = data.split(b"\n\n")
        self._rest += rest
        if len(rest) > self._longest:
            raise self._too_long()
        return [self._checked(event + b"\n\n") for event in events]

    def _cut(self, searched: int) -> list[bytes]:
        events: list[bytes] = []
        start = 0
        for blank in _BLANK_LINE.finditer(self._rest, searched):
            events.append(self._checked(bytes(self._rest[start : blank.end()])))
            start = blank.end()
        del self._rest[:start]
        if len(self._rest) > self._longest:
            raise self._too_long()
        return events

    def _checked(self, event: bytes) -> bytes:
        if len(event) > self._longest:
            raise self._too_long()
        return event

    def _too_long(self) -> MalformedStream:
        return MalformedStream("upstream_protocol_error", f"The upstream sent an event of over {self._longest} bytes.")


def data_of(event: bytes) -> bytes | None:
    """The event's data lines, joined with LF; `None` for a comment or a ping without data."""
    if event.startswith(b"data: ") and event.endswith(b"\n\n") and event.count(b"\n") == 2 and b"\r" not in event:
        return event[6:-2]
    lines = [_value(line) for line in event.splitlines() if line == b"data" or line.startswith(b"data:")]
    return b"\n".join(lines) if lines else None


def with_data(event: bytes, data: bytes) -> bytes:
    """The event with other data in its place; every other byte stays, unless its data stood in several lines."""
    old = data_of(event)
    if old is not None and old in event:
        return event.replace(old, data, 1)
    kept = [line for line in event.splitlines() if line and line != b"data" and not line.startswith(b"data:")]
    lines = [*kept, *(b"data: " + line for line in data.split(b"\n"))]
    return b"".join(line + b"\n" for line in lines) + b"\n"


def _value(line: bytes) -> bytes:
    return line[5:].removeprefix(b" ")
