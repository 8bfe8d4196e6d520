"""Three upstreams, and a gateway with its history in front of them, thrown away afterwards."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from benchmarks import installation
from benchmarks.brownout.evidence import Try
from benchmarks.brownout.traffic import ALIAS
from benchmarks.brownout.upstream import Upstream
from benchmarks.installation import Installed
from benchmarks.server_binaries import own_folder

NAMES = ("left", "middle", "right")
SICK = "middle"
MODEL = "small"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that there is."""

    folder: Path
    upstreams: Mapping[str, Upstream]
    installed: Installed

    @property
    def log(self) -> Path:
        return self.folder / "gateway.log"


@asynccontextmanager
async def set_up(seed: int) -> AsyncIterator[Stage]:
    """While the block runs. The gateway is configured, and not started. Raises CannotMeasure."""
    folder = own_folder("plexus-brownout-", {})
    async with AsyncExitStack() as stack:
        upstreams = {name: Upstream(name, random.Random(f"{seed} {name}")) for name in NAMES}
        for upstream in upstreams.values():
            await stack.enter_async_context(upstream)
        installed = installation.install(folder / "plexus", configuration(upstreams))
        yield Stage(folder=folder, upstreams=upstreams, installed=installed)


def configuration(upstreams: Mapping[str, Upstream]) -> Mapping[str, object]:
    """One alias with three equal targets."""
    return {
        "providers": [installation.provider(name, upstream.url, [MODEL]) for name, upstream in upstreams.items()],
        "models": [
            {
                "alias": ALIAS,
                "selector": "random",
                "targets": [{"provider": name, "model": MODEL, "weight": 1} for name in upstreams],
            }
        ],
    }


def tries_since(moment: float, database: Path) -> list[Try]:
    """What the history tells, once the gateway has ended: read with plain SQL."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT request_id, provider, started_at, condition FROM history_attemptlog")
        return sorted((one for one in _tries(rows) if one.at >= moment), key=lambda one: one.at)


def _tries(rows: sqlite3.Cursor) -> Iterator[Try]:
    for request_id, provider, started_at, condition in rows:
        at = datetime.fromisoformat(started_at).replace(tzinfo=UTC).timestamp()
        yield Try(request_id=UUID(request_id), provider=provider, at=at, condition=condition)
