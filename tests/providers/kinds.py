"""Every kind of failure that an upstream can have."""

from collections.abc import Iterator

from providers.errors import UpstreamError


def every_kind(kind: type[UpstreamError] = UpstreamError) -> Iterator[type[UpstreamError]]:
    for child in kind.__subclasses__():
        yield child
        yield from every_kind(child)
