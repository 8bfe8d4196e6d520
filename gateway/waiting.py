"""A request that waits for an upstream's first byte, and may stop waiting when that upstream is found to stall.

A stall is known long before the timeouts (routing/health/lateness.py): who is asked next goes elsewhere, and so do those who
wait already. A whole answer may else be waited for until its client has lost patience.
"""

import asyncio

from providers.errors import FirstByteTimeout
from routing.plan import Plan


class Waiting:
    """Of one try, made by the task that makes it."""

    __slots__ = ("_is_given_up", "_plan", "_task")

    def __init__(self, plan: Plan, loop: asyncio.AbstractEventLoop) -> None:
        self._plan = plan
        self._task = asyncio.current_task(loop)
        self._is_given_up = False

    def give_up(self) -> None:
        """The upstream stalls. Where nobody else could answer, waiting is the better chance."""
        if self._task is not None and not self._plan.is_lone:
            self._is_given_up = True
            self._task.cancel()

    def check(self) -> None:
        """The try was cancelled. Raises FirstByteTimeout if that was we, and nobody else."""
        was_given_up, self._is_given_up = self._is_given_up, False
        if was_given_up and self._task is not None and self._task.uncancel() == 0:
            raise FirstByteTimeout(
                "Nobody had an answer there any more, for far longer than usual: it stalls."
            ) from None
