"""Who dies next: every process is let live for a drawn while, then killed with -9, and started again as a supervisor would."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence

from benchmarks.chaos.evidence import Kill
from benchmarks.chaos.parts import Part, send
from benchmarks.failures import CannotMeasure

LOOK_EVERY_SECONDS = 0.05
PAUSE_SECONDS = (0.05, 0.7)
"""Between which a supervisor takes to start a part again."""


class Killer:
    """Kills until told to stop, or until there were enough."""

    def __init__(self, parts: Sequence[Part], rng: random.Random, *, most_kills: int, lives_times: float) -> None:
        self._parts = parts
        self._rng = rng
        self._most_kills = most_kills
        self._lives_times = lives_times
        """So many times longer than the parts' own measure."""
        self._dies_at: dict[int, float] = {}
        """Process -> when, by the monotonic clock."""
        self._starts_at: dict[str, float] = {}
        """Part -> when it is started again."""
        self.kills: list[Kill] = []
        self.is_over = False

    @property
    def per_part(self) -> Counter[str]:
        return Counter({part.name: 0 for part in self._parts}) + Counter(kill.part for kill in self.kills)

    @property
    def is_done(self) -> bool:
        return self.is_over or len(self.kills) >= self._most_kills

    async def run(self) -> None:
        """Raises CannotMeasure when a part ends by itself."""
        while not self.is_done:
            for part in self._parts:
                self._kill_whose_time_has_come(part)
                self._start_again(part)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def restore(self) -> None:
        """Kill no more, and start what is down."""
        self.is_over = True
        for part in self._parts:
            if not part.is_alive and part.is_ours_to_restart:
                part.start()

    def _kill_whose_time_has_come(self, part: Part) -> None:
        now = time.monotonic()
        for victim, dying in part.victims().items():
            if victim not in self._dies_at:
                self._dies_at[victim] = now + self._lives_times * self._rng.uniform(*part.lives_seconds)
            elif self._dies_at[victim] <= now and not self.is_done:
                send(signal.SIGKILL, dying)
                del self._dies_at[victim]
                self.kills.append(Kill(at=time.time(), part=part.name, process=victim))

    def _start_again(self, part: Part) -> None:
        if part.is_alive:
            return
        if not part.is_ours_to_restart:
            raise CannotMeasure(f"The gateway has ended, though nobody killed its parent process:\n{part.last_words()}")
        if part.name not in self._starts_at:
            self._starts_at[part.name] = time.monotonic() + self._rng.uniform(*PAUSE_SECONDS)
        elif self._starts_at[part.name] <= time.monotonic():
            del self._starts_at[part.name]
            part.prepare_restart(self._rng)
            part.start()
