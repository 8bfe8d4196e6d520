"""Responses that are made of bytes already: honest ones for Django and DRF, at the price of a tuple.

Django's own parses, checks and copies each header line, twice; a whole answer has seven. Ours come from configuration, which
was checked when it was compiled, or from an HTTP parser, so the line hands them on as it has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from django.http.response import HttpResponseBase, ResponseHeaders

from gateway.prepared import HeaderList

if TYPE_CHECKING:
    from gateway.relay import Relay

JSON = "application/json"


class ReadyResponse(HttpResponseBase):
    """Status, header pairs and body, ready to be sent."""

    streaming = False
    # What HttpResponseBase.__init__ would give to each response; tests compare, for every Django that we support.
    closed = False
    _charset = None
    _handler_class = None
    _reason_phrase = None

    def __init__(self, status: int, header_pairs: HeaderList, content: bytes = b"") -> None:
        """`header_pairs`: names in lower case, nothing in names or values that could break out of a line."""
        self.status_code = status
        self.header_pairs = header_pairs
        self.content = content

    @cached_property
    def headers(self) -> ResponseHeaders:  # type: ignore[override]  # Django sets it in the __init__ that we skip
        """As Django knows them. Once somebody has asked for these, they are what is sent."""
        return ResponseHeaders({name.decode("ascii"): value.decode("latin-1") for name, value in self.header_pairs})

    @cached_property
    def cookies(self) -> SimpleCookie:  # type: ignore[override]  # likewise
        return SimpleCookie()

    @cached_property
    def _resource_closers(self) -> list[Any]:
        return []

    def pairs(self) -> HeaderList:
        """The header lines to send."""
        if "headers" not in self.__dict__:
            return self.header_pairs
        return as_pairs(self.headers)


class ReadyStream(ReadyResponse):
    """The same with a body that is sent piece by piece, as it comes."""

    streaming = True

    def __init__(self, status: int, header_pairs: HeaderList, source: Relay) -> None:
        super().__init__(status, header_pairs)
        self.source = source


def ready(
    body: bytes, *, status: int = 200, content_type: str = JSON, headers: Mapping[str, str] | None = None
) -> ReadyResponse:
    """A response of these bytes. Not for names and values that a caller chose: they are not checked."""
    pairs = [(b"content-type", content_type.encode("latin-1", "replace")), (b"content-length", b"%d" % len(body))]
    return ReadyResponse(status, pairs + as_pairs(headers or {}), body)


def as_pairs(headers: Mapping[str, str]) -> HeaderList:
    """Headers as they are sent."""
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
