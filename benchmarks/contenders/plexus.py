"""Plexus as it is started in production, on a throwaway SQLite database, with its history on."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.contenders.base import CHAT_PATH, ROOT, Contender, Workplace
from benchmarks.failures import CannotMeasure
from benchmarks.processes import Server, free_port, serving
from benchmarks.requests import MODEL

NAME = "plexus"
OTHERS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY")
"""Settings of the Plexus that this command belongs to. They and PLEXUS_… do not reach the one that is measured."""
CREDENTIAL = "BENCHMARK_UPSTREAM_KEY"
COMMAND_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A configured database with a key in it."""

    data: Path
    environ: Mapping[str, str]
    """All that `manage.py` needs to find it."""
    key: str

    @property
    def headers(self) -> Mapping[str, str]:
        """What a request must carry."""
        return {"Authorization": f"Bearer {self.key}"}


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
    data = workplace.folder / "plexus"
    data.mkdir()
    configuration = data / "configuration.yaml"
    configuration.write_text(json.dumps(_configuration(workplace)))  # JSON is YAML
    environ = _environ(data)
    _manage("migrate", environ=environ)
    _manage("import_config", str(configuration), environ=environ)
    key = _manage("create_key", "the benchmark", environ=environ).split()[-1]
    return Installed(data=data, environ=environ, key=key)


def start(workplace: Workplace, environ: Mapping[str, str]) -> AbstractContextManager[Server]:
    """`manage.py serve`, on the database that was prepared."""
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    return serving(command, port=port, log=workplace.folder / "plexus.log", environ=environ, folder=ROOT)


def _configuration(workplace: Workplace) -> Mapping[str, object]:
    """One alias with two weighted targets, at one upstream."""
    provider = {
        "name": "upstream",
        "enabled": True,
        "apiTypes": ["chat"],
        "baseUrls": {"chat": f"http://127.0.0.1:{workplace.upstream_port}{CHAT_PATH}"},
        "auth": {"type": "bearer", "apiKeyEnv": CREDENTIAL},
        "models": ["gpt-4o-mini", "gpt-4o"],
    }
    targets = [
        {"provider": "upstream", "model": "gpt-4o-mini", "weight": 70},
        {"provider": "upstream", "model": "gpt-4o", "weight": 30},
    ]
    return {"providers": [provider], "models": [{"alias": MODEL, "targets": targets, "selector": "random"}]}


def _environ(data: Path) -> Mapping[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name not in OTHERS and not name.startswith("PLEXUS_")
    }
    return {
        **inherited,
        "PLEXUS_DATA_DIR": str(data),
        "PLEXUS_ENV_FILE": "",
        "PLEXUS_PRIVATE_UPSTREAMS": "127.0.0.0/8",
        "PLEXUS_DRAIN_SECONDS": "2",
        "PLEXUS_UPSTREAM_MAX_IN_FLIGHT": "10000",  # nobody else limits how many streams one upstream may have
        CREDENTIAL: "sk-benchmark",
    }


def _manage(*arguments: str, environ: Mapping[str, str]) -> str:
    """What the command prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CannotMeasure(f"`manage.py {arguments[0]}` failed: {done.stderr.strip()}")
    return done.stdout


def lost(data: Path, answered: int) -> int:
    """Of so many answers, how many the history lacks."""
    with closing(sqlite3.connect(data / "plexus.sqlite3")) as database:
        rows: int = database.execute("SELECT count(*) FROM history_requestlog").fetchone()[0]
    return max(0, answered - rows)
