"""To wait for what must happen, in a test that runs in an event loop; others have `eventually` of gateways.py."""

import asyncio
import time
from collections.abc import Callable

WAIT_SECONDS = 60.0
"""No test waits that long for what comes: it is for machines that stop for a while."""


async def comes(look: Callable[[], object]) -> bool:
    """Whether it is so, now or before long."""
    until = time.monotonic() + WAIT_SECONDS
    while not look() and time.monotonic() < until:  # noqa: ASYNC110  it is asked for anything
        await asyncio.sleep(0.01)
    return bool(look())
