"""A process of its own that shares its health through Redis, with requests in flight that never end.

with TellingProcess(redis_url, in_flight=5) as busy:
    busy.in_flight_elsewhere        # at KEY, as it has heard
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

KEY, OTHER = "openai/gpt-4o", "groq/llama"
ROOT = Path(__file__).parents[3]
SAYS_EVERY_SECONDS = 0.05
START_SECONDS = 180.0


class TellingProcess:
    """It says what it knows twenty times a second."""

    def __init__(self, redis_url: str, *, in_flight: int) -> None:
        environ = {**os.environ, "REDIS_URL": redis_url}
        command = [sys.executable, "-m", __name__, str(in_flight)]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
        self._said: dict[str, Any] = {}  # Any: JSON
        self._reader = threading.Thread(target=self._read)
        self.pid = self._process.pid

    def wait_until_it_speaks(self) -> Self:
        until = time.monotonic() + START_SECONDS
        while not self._said:
            assert time.monotonic() < until, "The process did not start."
            assert self._process.poll() is None, "The process has ended."
            time.sleep(SAYS_EVERY_SECONDS)
        return self

    @property
    def in_flight_elsewhere(self) -> int:
        return int(self._said.get("elsewhere", -1))

    @property
    def first_by_least_connections(self) -> str:
        """Of KEY, where the other one's requests are, and an idle one."""
        return str(self._said.get("first", ""))

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said = json.loads(line)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(60)
        self._reader.join(60)
        if self._process.stdout is not None:
            self._process.stdout.close()


async def live(in_flight: int) -> None:
    import django

    django.setup()
    from gateway.health.sharing import Sharing
    from gateway.health.store import new_teller, post_of_settings
    from gateway.runtime import moment
    from routing.health import HealthBook
    from routing.selection import least_connections
    from routing.selection.base import Draw, Vitals
    from tests.routing.selection.chance import choices

    book = HealthBook(random.Random(1))
    for _ in range(in_flight):
        book.of(KEY).begin(time.monotonic())
    sharing = Sharing(book, post_of_settings(), new_teller(), moment)
    running = asyncio.create_task(sharing.run())
    rivals = dict(zip(choices(1, 1), (KEY, OTHER), strict=True))
    draw = Draw(rng=random.Random(1))
    while not running.done():
        healths = {choice.id: book.of(key) for choice, key in rivals.items()}
        vitals = {id: Vitals(in_flight=one.in_flight + one.in_flight_elsewhere) for id, one in healths.items()}
        first = least_connections.order(list(rivals), vitals, draw)[0]
        said = {"elsewhere": book.of(KEY).in_flight_elsewhere, "first": rivals[first]}
        print(json.dumps(said), flush=True)  # noqa: T201 - how it speaks
        await asyncio.sleep(SAYS_EVERY_SECONDS)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "plexus_site.settings"
    asyncio.run(live(int(sys.argv[1])))
