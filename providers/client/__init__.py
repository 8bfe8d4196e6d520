"""The one place that opens a connection to a provider.

    request = upstream_request(url, headers, body, timeouts)
    response = await transport.handle_async_request(request)    # httpx.Response, its body unread
    try:
        async for chunk in response.stream: …                   # bytes as they arrive; or read_limited(response, …)
    finally:
        await response.aclose()

Every failure leaves here as a kind of providers.errors.UpstreamError, or as CancelledError.
"""

from providers.client.answer import read_limited
from providers.client.request import UpstreamRequest, upstream_request
from providers.client.transport import UpstreamTransport

__all__ = ["UpstreamRequest", "UpstreamTransport", "read_limited", "upstream_request"]
