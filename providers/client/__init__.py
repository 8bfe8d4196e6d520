"""The one place that opens a connection to a provider.

    ready = ready_headers(headers)                              # once for many requests
    request = upstream_request(url, ready, forwarded, body, timeouts)
    response = await transport.handle_async_request(request)    # an httpx.Response, its body unread
    try:
        async for chunk in response.stream: …                   # bytes as they arrive; or read_limited(response, …)
    finally:
        await response.aclose()

Every failure leaves here as a kind of providers.errors.UpstreamError, or as CancelledError.
"""

from providers.client.answer import UpstreamResponse, read_limited
from providers.client.request import HeaderPairs, ReadyHeaders, UpstreamRequest, ready_headers, upstream_request
from providers.client.transport import UpstreamTransport

__all__ = [
    "HeaderPairs",
    "ReadyHeaders",
    "UpstreamRequest",
    "UpstreamResponse",
    "UpstreamTransport",
    "read_limited",
    "ready_headers",
    "upstream_request",
]
