"""The demo upstream on loopback, in a thread and an event loop of its own."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn

from gateway.demo.app import SECONDS_PER_WORD, DemoUpstream
from gateway.management.serving import CannotListen, listen, url_of

HOST = "127.0.0.1"
PATH = "/demo/v1"
"""An address that ends so is ours: another server on the same port would hardly answer there."""


class DemoServer:
    """Serves while the block runs, on `port` or, where that is taken, on any free one."""

    def __init__(self, port: int, *, seconds_per_word: float = SECONDS_PER_WORD) -> None:
        self._listening = _listen(port)
        config = uvicorn.Config(
            DemoUpstream(now=time.time, seconds_per_word=seconds_per_word),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],), name="demo upstream")

    @property
    def port(self) -> int:
        port: int = self._listening.getsockname()[1]
        return port

    @property
    def base_url(self) -> str:
        """http://127.0.0.1:4001/demo/v1"""
        return url_of(self._listening) + PATH

    def __enter__(self) -> Self:
        # It listens already: whoever connects before the thread is under way waits a moment.
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()


def _listen(port: int) -> socket.socket:
    try:
        return listen(HOST, port)
    except CannotListen:
        return listen(HOST, 0)
