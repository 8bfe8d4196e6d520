"""A request to an upstream, made of ready parts."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from providers.addresses import SplitURL, split_url
from providers.errors import Misconfigured
from providers.timeouts import Timeouts

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
    return Destination(split=split, url=httpx.URL(split.text), request_line=line.encode("ascii"))


class UpstreamRequest(httpx.Request):
    """An httpx.Request that keeps the parts it was made of; `headers` and `stream` are made if somebody looks."""

    def __init__(
        self, destination: Destination, header_pairs: Sequence[tuple[bytes, bytes]], body: bytes, timeouts: Timeouts
    ) -> None:
        # httpx.Request.__init__ would parse all of this again, for more than the whole call costs.
        self.method = "POST"
        self.url = destination.url
        self.destination = destination
        self.header_pairs = header_pairs
        self.body = body
        self.timeouts = timeouts
        self.extensions = {}

    @functools.cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]  # httpx sets it in the __init__ that we skip
        return httpx.Headers(list(self.header_pairs))

    @functools.cached_property
    def stream(self) -> httpx.ByteStream:  # type: ignore[override]  # likewise
        return httpx.ByteStream(self.body)

    def head(self) -> bytes:
        """Request line and headers. Raises Misconfigured for a header that would break out of its line."""
        lines = [self.destination.request_line, b"Content-Length: %d\r\n" % len(self.body)]
        lines += [b"%s: %s\r\n" % pair for pair in self.header_pairs if pair[0].lower() not in OWN_HEADERS]
        block = b"".join(lines)
        # Each line has brought its own CR LF; the request line's has three.
        expected = len(lines) + 2
        if block.count(b"\n") != expected or block.count(b"\r") != expected or b"\0" in block:
            raise Misconfigured("A header for the upstream contains a line break or NUL.")
        return block + b"\r\n"


def upstream_request(
    url: str, headers: Sequence[tuple[bytes, bytes]], body: bytes, timeouts: Timeouts
) -> UpstreamRequest:
    """A POST that is cheap to make: a URL seen before is not parsed again. Raises Misconfigured for an unfit URL."""
    return UpstreamRequest(destination(url), headers, body, timeouts)
