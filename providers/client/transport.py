"""The transport: a pool of connections, opened only to addresses that may be called.

httpx's types and transport interface outside; inside, the pieces under aiohttp's session: its connector (name lookup,
TCP, TLS), its HTTP/1.1 parser and its flow control. httpx's own pool slows down with the square of its connections and
loses slots when a call is cancelled while it connects (encode/httpcore#1093); aiohttp's session hides what we must know:
whether the connection had been used before, and when the request was sent. aiohttp's pool works, but looks its
connections up, wraps and unwraps them anew for every request: ours keeps them as they are.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from ipaddress import ip_address

import aiohttp
import httpx
import yarl
from aiohttp.abc import AbstractResolver
from aiohttp.client_reqrep import ClientRequest
from aiohttp.hdrs import CONTENT_ENCODING

from providers.addresses import AllowedNetworks, objection_to_address, objection_to_plain_http
from providers.client.answer import Body, Sending, UpstreamResponse
from providers.client.exchange import Head, Stale, exchange, reason_of
from providers.client.link import Link
from providers.client.names import CheckedResolver
from providers.client.pool import Pool
from providers.client.protocol import UpstreamProtocol
from providers.client.request import Destination, Origin, UpstreamRequest
from providers.errors import AddressRefused, ConnectFailed, ConnectTimeout, Disconnected, ProtocolError, TLSFailed


@functools.cache  # reading all authorities takes 23 ms
def usual_ssl_context() -> ssl.SSLContext:
    """httpx's: certifi's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR."""
    return httpx.create_ssl_context()


class UpstreamTransport(httpx.AsyncBaseTransport):
    """Sends requests to upstreams over pooled connections. Make it inside a running event loop, one per loop."""

    def __init__(
        self,
        *,
        allowed: AllowedNetworks,
        ssl_context: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self.allowed = allowed
        self.connector = aiohttp.TCPConnector(
            ssl=ssl_context or usual_ssl_context(),
            resolver=CheckedResolver(resolver or aiohttp.ThreadedResolver(), allowed),
            limit=0,
        )
        self.loop = asyncio.get_running_loop()
        self.connector._factory = functools.partial(UpstreamProtocol, loop=self.loop)  # type: ignore[assignment]  # a kind of what it holds
        self.pool = Pool(self.loop)
        self.connect_requests: dict[Origin, ClientRequest] = {}

    async def handle_async_request(self, request: httpx.Request) -> UpstreamResponse:
        """Send; return when the head of the answer is there, its body unread. Close the response in a `finally`.

        Takes what upstream_request made. Raises UpstreamError.
        """
        if not isinstance(request, UpstreamRequest):
            raise TypeError("Make the request with upstream_request().")
        destination, timeouts = request.destination, request.timeouts
        sending = Sending(destination, timeouts, self.loop.time() + timeouts.total_seconds)
        message = (request.head(), request.body)
        link = self.pool.take(destination.origin)
        if link is not None:
            try:
                return self.answer(link, await exchange(link, message, sending), sending)
            except Stale:
                # The upstream closed a kept-alive connection just as we wrote to it: nothing was answered, once more, on a
                # new one. The other kept ones are likely as stale.
                self.pool.forget(destination.origin)
        try:
            link = await self.connect(sending)
            return self.answer(link, await exchange(link, message, sending), sending)
        except Stale as exc:
            raise disconnected(sending, exc) from exc

    async def connect(self, sending: Sending) -> Link:
        """A new connection to its destination. Raises Stale if it has ended again already."""
        destination = sending.destination
        seconds = min(sending.timeouts.connect_seconds, sending.total_at - self.loop.time())
        wanted = self.connect_request(destination)
        try:
            connection = await self.connector.connect(wanted, [], connect_timeout(seconds))
        except TimeoutError as exc:
            raise ConnectTimeout(f"No connection to {destination.name} within {seconds:.3g} s.") from exc
        except (aiohttp.ClientSSLError, ssl.SSLError) as exc:
            raise TLSFailed(f"No secure connection to {destination.name}: {exc}.") from exc
        # uvloop reports some failed connects as RuntimeError.
        except (aiohttp.ClientError, OSError, RuntimeError) as exc:
            raise ConnectFailed(f"No connection to {destination.name}: {reason_of(exc)}.") from exc
        link = Link(connection, destination.origin, self.loop)
        self.check_peer(link, destination)
        if not link.is_fit:
            link.drop()
            raise Stale("it closed the connection")
        return link

    def check_peer(self, link: Link, destination: Destination) -> None:
        """Plain http only to listed addresses: known for sure once the connection stands."""
        transport = link.protocol.transport
        if destination.split.scheme == "https" or transport is None:
            return
        peer = transport.get_extra_info("peername")
        if peer is None:
            return  # gone again already: sending will say so
        address, port = peer[:2]
        # The address may carry its interface: fe80::1%eth0.
        if objection := objection_to_plain_http(ip_address(address.partition("%")[0]), port, self.allowed):
            link.drop()
            raise AddressRefused(f"{destination.name} is not called. {objection}")

    def connect_request(self, destination: Destination) -> ClientRequest:
        """What the connector wants to know; one for each origin. Raises AddressRefused."""
        known = self.connect_requests.get(destination.origin)
        if known is None:
            split = destination.split
            # aiohttp asks no resolver about a host that is an address already.
            if split.literal and (objection := objection_to_address(split.literal, split.port, self.allowed)):
                raise AddressRefused(objection)
            url = yarl.URL.build(scheme=split.scheme, host=split.host, port=split.port)
            known = self.connect_requests[destination.origin] = ClientRequest("POST", url, loop=self.loop)
        return known

    def answer(self, link: Link, head: Head, sending: Sending) -> UpstreamResponse:
        """The response, its body still on the way. Raises ProtocolError for a compressed one."""
        message, payload = head
        encoding = message.headers.get(CONTENT_ENCODING)
        if encoding is not None and encoding.strip().lower() not in ("", "identity"):
            link.drop()
            raise ProtocolError(f"{sending.name} sent a compressed answer ({encoding[:40]}) though none was asked for.")
        link.body = body = Body(link, payload, sending, self.pool)
        payload.on_eof(body.keep_connection)
        return UpstreamResponse(message, body)

    @property
    def in_use(self) -> int:
        """Connections that carry a request, and those being made for one."""
        return len(self.connector._acquired) - self.idle

    @property
    def idle(self) -> int:
        """Connections that wait for the next request."""
        return len(self.pool)

    async def aclose(self) -> None:
        """Close every connection, those in use too."""
        self.pool.close()
        await self.connector.close(abort_ssl=True)


@functools.lru_cache(maxsize=256)
def connect_timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(connect=max(seconds, 0.001), ceil_threshold=float("inf"))


def disconnected(sending: Sending, why: Stale) -> Disconnected:
    return Disconnected(f"{sending.name} gave no answer: {why}.")
