"""One serving process: uvicorn on `plexus_site.asgi`, as Plexus wants it started, listening and ended.

It is imported by worker processes before Django is set up there, so it imports no models.
"""

import asyncio
import errno
import math
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from django.conf import settings

from gateway.in_flight import IN_FLIGHT
from gateway.management.door import Door
from gateway.management.memory import settle

APPLICATION = "plexus_site.asgi:application"
BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 s that load balancers usually keep an idle connection: they hang up first, never we."""
STOP_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
FAREWELL_SECONDS = 2.0
"""How long clients may take to read that their stream was cut."""
HURRY_SECONDS = 5.0
"""What a second request to stop leaves of the drain."""
LAST_RESORT_SECONDS = 5
"""How much longer than the drain uvicorn waits before it cancels what has not even noticed that its client is gone."""


class CannotListen(Exception):
    """The address cannot be had. The message names the option that chooses another."""


def listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A listening socket: from here on nobody else gets the port, and clients wait instead of being refused.

    Port 0 takes any free one. Raises CannotListen.
    """
    if not 0 <= port <= 65535:
        raise CannotListen(f"There is no port {port}. Choose one from 1 to 65535 with {option}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as exc:
        raise CannotListen(_why_not(exc, host, port, option)) from exc
    # Accepted connections inherit it. uvloop sets it by itself, asyncio not on sockets it is handed: 40 ms a reply.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    limit_stalls(listening)
    return listening


def limit_stalls(listening: socket.socket) -> None:
    """Let the kernel end connections, of those accepted from now on, whose client takes nothing for too long.

    Nothing above the kernel can: what was written is gone from here, and asking the client is writing more.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        milliseconds = int(settings.PLEXUS_CLIENT_STALL_SECONDS * 1000)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


def _why_not(exc: OSError, host: str, port: int, option: str) -> str:
    if exc.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. Stop that one, or choose another port with {option}."
        )
    if exc.errno == errno.EACCES:
        return f"Port {port} is kept for the system's administrator. Choose one above 1023 with {option}."
    reason = (exc.strerror or str(exc)).partition(" (while")[0]
    return f"Plexus cannot listen on {host}, port {port}: {reason}. Choose another address with --host."


def url_of(listening: socket.socket) -> str:
    """Where a client on this machine reaches it: http://127.0.0.1:4000, also when it listens on all addresses."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class GatewayServer(uvicorn.Server):
    """uvicorn's server, which ends by itself on the first request to stop and lets every answer be recorded.

    `request_stop` may be called from a signal handler at any time, also before the start. The first call lets running
    answers end, for `drain_seconds`; then they are cut: each tells its client and is recorded. A second call shortens
    that to HURRY_SECONDS, a third closes the connections at once. Only when all have ended does the lifespan, and with
    it the history.
    """

    def __init__(self, config: uvicorn.Config, *, drain_seconds: float, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.drain_seconds = drain_seconds
        self.on_ready = on_ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stops_requested = 0
        self._cut_at = math.inf
        self._timers: list[asyncio.TimerHandle] = []

    def request_stop(self, signum: int = 0, frame: FrameType | None = None) -> None:
        IN_FLIGHT.is_draining = True  # /readyz says so from here on
        self.should_exit = True
        self._stops_requested += 1
        if self._stops_requested > 1 and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hurry)

    def _hurry(self) -> None:
        if self._stops_requested > 2:
            self.hang_up()
        else:
            self._cut_within(HURRY_SECONDS)

    def _cut_within(self, seconds: float) -> None:
        assert self._loop is not None
        self._forget_timers()
        self._cut_at = min(self._cut_at, self._loop.time() + seconds)
        self._timers = [
            self._loop.call_at(self._cut_at, IN_FLIGHT.cut),
            self._loop.call_at(self._cut_at + FAREWELL_SECONDS, self.hang_up),
        ]

    def _forget_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def hang_up(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to our caller. uvicorn would raise them anew after its end, and nothing of ours would run."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        # What lives now lives as long as the process: the collector need not walk it again.
        settle()
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._cut_within(self.drain_seconds)
        try:
            await super().shutdown(sockets)
        finally:
            self._forget_timers()


def gateway_server(*, drain_seconds: float, on_ready: Callable[[], None]) -> GatewayServer:
    """The server with the settings of every Plexus process."""
    config = uvicorn.Config(
        APPLICATION,
        http=Door,
        ws="none",
        lifespan="on",
        log_config=None,  # Django's LOGGING says what is logged
        access_log=False,
        proxy_headers=False,  # who calls is who connects; a header would be anybody's word
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(drain_seconds) + LAST_RESORT_SECONDS,
    )
    return GatewayServer(config, drain_seconds=drain_seconds, on_ready=on_ready)


@contextmanager
def stop_signals_to(request_stop: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal call `request_stop`, until the block has ended."""
    before = {signum: signal.signal(signum, request_stop) for signum in STOP_SIGNALS if _is_heard(signum)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _is_heard(signum: signal.Signals) -> bool:
    """Not so under `nohup`: whoever ignored a signal for us meant it."""
    return signal.getsignal(signum) is not signal.SIG_IGN
