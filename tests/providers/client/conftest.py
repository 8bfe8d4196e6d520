"""Each test here runs on asyncio's own event loop and on uvloop, which serves in production."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest

from providers.client import UpstreamTransport
from tests.faulty_upstream import FaultyUpstream
from tests.providers.client.calls import LOOPBACK


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """pytest-asyncio's hook."""
    if sys.platform == "win32":
        return {"asyncio": asyncio.new_event_loop}
    import uvloop

    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as upstream:
        yield upstream


@pytest.fixture
async def transport() -> AsyncIterator[UpstreamTransport]:
    transport = UpstreamTransport(allowed=LOOPBACK)
    yield transport
    await transport.aclose()
