"""Plexus as it is started in production, on a throwaway SQLite database, with its history on."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path

from benchmarks import installation
from benchmarks.contenders.base import CHAT_PATH, Contender, Workplace
from benchmarks.installation import Installed
from benchmarks.processes import Server
from benchmarks.requests import MODEL

NAME = "plexus"


def prepare(workplace: Workplace) -> Contender:
    """Plexus on a database of its own. Raises CannotMeasure."""
    installed = install(workplace)
    return Contender(
        name=NAME,
        version=f"history on, Python {'.'.join(map(str, sys.version_info[:3]))}",
        start=partial(start, workplace, installed.environ),
        headers=installed.headers,
        lost=partial(lost, installed.data),
    )


def install(workplace: Workplace) -> Installed:
    """Everything that comes before `manage.py serve`. Raises CannotMeasure."""
    return installation.install(workplace.folder / "plexus", _configuration(workplace))


def start(workplace: Workplace, environ: Mapping[str, str]) -> AbstractContextManager[Server]:
    """`manage.py serve`, on the database that was prepared."""
    return installation.serve(environ, workplace.folder / "plexus.log")


def _configuration(workplace: Workplace) -> Mapping[str, object]:
    """One alias with two weighted targets, at one upstream."""
    url = f"http://127.0.0.1:{workplace.upstream_port}{CHAT_PATH}"
    targets = [
        {"provider": "upstream", "model": "gpt-4o-mini", "weight": 70},
        {"provider": "upstream", "model": "gpt-4o", "weight": 30},
    ]
    return {
        "providers": [installation.provider("upstream", url, ["gpt-4o-mini", "gpt-4o"])],
        "models": [{"alias": MODEL, "targets": targets, "selector": "random"}],
    }


def lost(data: Path, answered: int) -> int:
    """Of so many answers, how many the history lacks."""
    with closing(sqlite3.connect(data / "plexus.sqlite3")) as database:
        rows: int = database.execute("SELECT count(*) FROM history_requestlog").fetchone()[0]
    return max(0, answered - rows)
