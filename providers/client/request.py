"""A request to an upstream, made of ready parts."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from providers.addresses import SplitURL, split_url
from providers.errors import Misconfigured
from providers.timeouts import Timeouts

HeaderPairs = Sequence[tuple[bytes, bytes]]
Origin = tuple[str, str, int]
"""Scheme, host and port: what a connection is good for."""

OWN_HEADERS = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"connection", b"accept-encoding", b"expect", b"upgrade", b"te"}
)
"""They frame the message or belong to the connection: ours alone. Those of a caller are left out."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL made ready to be called many times."""

    split: SplitURL
    url: httpx.URL
    request_line: bytes
    """And all header lines that are the same for every request."""
    origin: Origin

    @property
    def name(self) -> str:
        return f"{self.split.host}:{self.split.port}"


@functools.lru_cache(maxsize=4096)
def destination(url: str) -> Destination:
    """Raises Misconfigured for a URL that cannot be called."""
    try:
        split = split_url(url)
    except ValueError as exc:
        raise Misconfigured(f"The URL of the upstream is not fit. {exc}") from exc
    line = f"POST {split.path or '/'} HTTP/1.1\r\nHost: {split.authority}\r\nAccept-Encoding: identity\r\n"
    return Destination(
        split=split,
        url=httpx.URL(split.text),
        request_line=line.encode("ascii"),
        origin=(split.scheme, split.host, split.port),
    )


@dataclass(frozen=True, slots=True)
class ReadyHeaders:
    """Headers that go with many requests: checked and joined once. They may hold a credential."""

    pairs: HeaderPairs
    lines: bytes

    def __repr__(self) -> str:
        return f"<ReadyHeaders {[name for name, _ in self.pairs]}>"


def ready_headers(pairs: HeaderPairs) -> ReadyHeaders:
    """Raises Misconfigured for a header that would break out of its line."""
    return ReadyHeaders(pairs=pairs, lines=header_lines(pairs))


def header_lines(pairs: HeaderPairs) -> bytes:
    """Raises Misconfigured for a header that would break out of its line."""
    lines = [b"%b: %b\r\n" % pair for pair in pairs if pair[0].lower() not in OWN_HEADERS]
    block = b"".join(lines)
    # Each line has brought its own CR LF.
    if block.count(b"\n") != len(lines) or block.count(b"\r") != len(lines) or b"\0" in block:
        raise Misconfigured("A header for the upstream contains a line break or NUL.")
    return block


@functools.lru_cache(maxsize=256)
def forwarded_lines(pairs: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The same for a caller's: they send the same few again and again. Raises Misconfigured likewise."""
    return header_lines(pairs)


class UpstreamRequest(httpx.Request):
    """An httpx.Request that keeps the parts it was made of; `headers` and `stream` are made if somebody looks."""

    def __init__(
        self, destination: Destination, ready: ReadyHeaders, forwarded: HeaderPairs, body: bytes, timeouts: Timeouts
    ) -> None:
        # httpx.Request.__init__ would parse all of this again, for more than the whole call costs.
        self.destination = destination
        self.ready = ready
        self.forwarded = forwarded
        self.body = body
        self.timeouts = timeouts

    method = "POST"

    @functools.cached_property
    def url(self) -> httpx.URL:  # type: ignore[override]  # httpx sets it, and those below, in the __init__ that we skip
        return self.destination.url

    @functools.cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]
        return httpx.Headers([*self.ready.pairs, *self.forwarded])

    @functools.cached_property
    def stream(self) -> httpx.ByteStream:  # type: ignore[override]
        return httpx.ByteStream(self.body)

    @functools.cached_property
    def extensions(self) -> dict[str, object]:  # type: ignore[override]
        return {}

    def head(self) -> bytes:
        """Request line and headers. Raises Misconfigured for a header that would break out of its line."""
        forwarded = forwarded_lines(tuple(self.forwarded)) if self.forwarded else b""
        parts = (self.destination.request_line, len(self.body), self.ready.lines, forwarded)
        return b"%bContent-Length: %d\r\n%b%b\r\n" % parts


def upstream_request(
    url: str, ready: ReadyHeaders, forwarded: HeaderPairs, body: bytes, timeouts: Timeouts
) -> UpstreamRequest:
    """A POST that is cheap to make: a URL seen before is not parsed again, nor headers made ready before.

    `forwarded` are the caller's, for this request alone. Raises Misconfigured for an unfit URL.
    """
    return UpstreamRequest(destination(url), ready, forwarded, body, timeouts)
