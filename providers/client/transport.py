"""The transport: a pool of connections, opened only to addresses that may be called.

httpx's types and transport interface outside; inside, the pieces under aiohttp's session: its connector (pool, name
lookup, TLS), its HTTP/1.1 parser and its flow control. httpx's own pool slows down with the square of its connections
and loses slots when a call is cancelled while it connects (encode/httpcore#1093); aiohttp's session hides what we must
know: whether the connection had been used before, and when the request was sent.
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
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection

from providers.addresses import AllowedNetworks, SplitURL, objection_to_address, objection_to_plain_http
from providers.client.answer import Body, Sending, drop
from providers.client.exchange import Head, Stale, exchange, reason_of
from providers.client.names import CheckedResolver
from providers.client.request import Destination, UpstreamRequest
from providers.errors import AddressRefused, ConnectFailed, ConnectTimeout, Disconnected, ProtocolError, TLSFailed

KEEP_ALIVE_SECONDS = 30.0


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
            # httpx's context: certifi's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR.
            ssl=ssl_context or httpx.create_ssl_context(),
            resolver=CheckedResolver(resolver or aiohttp.ThreadedResolver(), allowed),
            limit=0,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
        )
        self.loop = asyncio.get_running_loop()
        self.bodies: dict[ResponseHandler, Body | None] = {}
        """Every connection that stands, and the last answer that it brought. Only one that has carried a request
        before can have gone stale in the pool."""
        self.connect_requests: dict[tuple[str, str, int], ClientRequest] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send; return when the head of the answer is there, its body unread. Close the response in a `finally`.

        Takes what upstream_request made. Raises UpstreamError.
        """
        if not isinstance(request, UpstreamRequest):
            raise TypeError("Make the request with upstream_request().")
        total_at = self.loop.time() + request.timeouts.total_seconds
        sending = Sending(destination=request.destination, timeouts=request.timeouts, total_at=total_at)
        message = (request.head(), request.body)
        connection, is_used = await self.connect(sending)
        try:
            head = await exchange(connection, message, sending)
        except Stale as exc:
            if not is_used:
                raise disconnected(sending, exc) from exc
            # The upstream closed a kept-alive connection just as we wrote to it: nothing was answered, once more.
            connection = await self.connect_anew(sending)
            try:
                head = await exchange(connection, message, sending)
            except Stale as again:
                raise disconnected(sending, again) from again
        return self.answer(connection, head, sending)

    async def connect_anew(self, sending: Sending) -> Connection:
        """A connection that nothing has been sent on; the pooled ones, likely as stale as the last, are dropped."""
        connection, is_used = await self.connect(sending)
        while is_used:
            drop(connection)
            connection, is_used = await self.connect(sending)
        return connection

    async def connect(self, sending: Sending) -> tuple[Connection, bool]:
        """A connection to its destination, pooled or new, and whether it was used before."""
        destination = sending.destination
        seconds = min(sending.timeouts.connect_seconds, sending.total_at - self.loop.time())
        wanted = self.connect_request(destination.split)
        try:
            connection = await self.connector.connect(wanted, [], connect_timeout(seconds))
        except TimeoutError as exc:
            raise ConnectTimeout(f"No connection to {destination.name} within {seconds:.3g} s.") from exc
        except (aiohttp.ClientSSLError, ssl.SSLError) as exc:
            raise TLSFailed(f"No secure connection to {destination.name}: {exc}.") from exc
        # uvloop reports some failed connects as RuntimeError.
        except (aiohttp.ClientError, OSError, RuntimeError) as exc:
            raise ConnectFailed(f"No connection to {destination.name}: {reason_of(exc)}.") from exc
        protocol = connection.protocol
        assert protocol is not None
        is_used = protocol in self.bodies
        if not is_used:
            self.check_peer(connection, destination)
            self.watch(protocol)
        return connection, is_used

    def check_peer(self, connection: Connection, destination: Destination) -> None:
        """Plain http only to listed addresses: known for sure once the connection stands."""
        if destination.split.scheme == "https" or connection.transport is None:
            return
        peer = connection.transport.get_extra_info("peername")
        if peer is None:
            return  # gone again already: sending will say so
        address, port = peer[:2]
        # The address may carry its interface: fe80::1%eth0.
        if objection := objection_to_plain_http(ip_address(address.partition("%")[0]), port, self.allowed):
            drop(connection)
            raise AddressRefused(f"{destination.name} is not called. {objection}")

    def connect_request(self, split: SplitURL) -> ClientRequest:
        """What the connector wants to know, and its key in the pool; one for each origin. Raises AddressRefused."""
        key = (split.scheme, split.host, split.port)
        known = self.connect_requests.get(key)
        if known is None:
            # aiohttp asks no resolver about a host that is an address already.
            if split.literal and (objection := objection_to_address(split.literal, split.port, self.allowed)):
                raise AddressRefused(objection)
            url = yarl.URL.build(scheme=split.scheme, host=split.host, port=split.port)
            known = self.connect_requests[key] = ClientRequest("POST", url, loop=self.loop)
        return known

    def watch(self, protocol: ResponseHandler) -> None:
        closed = protocol.closed
        if closed is not None:
            self.bodies[protocol] = None
            closed.add_done_callback(functools.partial(self.connection_lost, protocol))

    def connection_lost(self, protocol: ResponseHandler, closed: asyncio.Future[None]) -> None:
        if not closed.cancelled():
            closed.exception()  # else asyncio logs that nobody asked
        body = self.bodies.pop(protocol, None)
        if body is not None:
            body.connection_lost()

    def answer(self, connection: Connection, head: Head, sending: Sending) -> httpx.Response:
        """The response, its body still on the way. Raises ProtocolError for a compressed one."""
        message, payload = head
        encoding = message.headers.get("Content-Encoding", "identity")
        if encoding.strip().lower() not in ("", "identity"):
            drop(connection)
            raise ProtocolError(f"{sending.name} sent a compressed answer ({encoding[:40]}) though none was asked for.")
        body = Body(connection=connection, payload=payload, sending=sending)
        if connection.protocol in self.bodies:
            self.bodies[connection.protocol] = body
        payload.on_eof(body.keep_connection)
        return httpx.Response(message.code, headers=message.raw_headers, stream=body)

    @property
    def in_use(self) -> int:
        """Connections that carry a request, and those being made for one."""
        return len(self.connector._acquired)

    @property
    def idle(self) -> int:
        """Connections that wait for the next request."""
        return sum(protocol not in self.connector._acquired for protocol in self.bodies)

    async def aclose(self) -> None:
        """Close every connection, those in use too."""
        await self.connector.close(abort_ssl=True)


@functools.lru_cache(maxsize=256)
def connect_timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(connect=max(seconds, 0.001), ceil_threshold=float("inf"))


def disconnected(sending: Sending, why: Stale) -> Disconnected:
    return Disconnected(f"{sending.name} gave no answer: {why}.")
