"""The shortcut past ASGI, made of uvicorn's own request: gateway/shortcut.py says what it is good for."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.prepared import HeaderList


class DirectShortcut:
    """Does what `receive` and `send` of this cycle would do, in one step each."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def whole_body(self) -> bytes | None:
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        cycle.flow.resume_reading()  # it stops above 64 KiB
        cycle.message_event.clear()
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def answer(self, status: int, pairs: HeaderList, body: bytes) -> bool:
        cycle = self._cycle
        # While a body is still to come, an answer may have to close the connection: uvicorn's own way does that.
        if cycle.response_started or cycle.disconnected or cycle.flow.write_paused or cycle.more_body:
            return False
        lines, breaks = b"".join([b"%b: %b\r\n" % pair for pair in pairs]), len(pairs)
        if lines.count(b"\n") != breaks or lines.count(b"\r") != breaks:
            raise ValueError("A header of an answer contains a line break.")
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        head = b"%b%b%b" % (STATUS_LINE[status], lines, end)
        # asyncio's own transport, since 3.12, never gets rid of an empty piece.
        cycle.transport.writelines((head, body) if body else (head,))
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True
