"""A Plexus on a throwaway SQLite database: set up with the product's own commands, then served as in production."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders.base import ROOT
from benchmarks.failures import CannotMeasure
from benchmarks.processes import Server, free_port, serving

OTHERS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY")
"""Settings of the Plexus that this command belongs to. They and PLEXUS_… do not reach the one that is measured."""
CREDENTIAL = "BENCHMARK_UPSTREAM_KEY"
"""The variable with the credential of every provider."""
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

    @property
    def database(self) -> Path:
        return self.data / "plexus.sqlite3"


def install(data: Path, configuration: Mapping[str, object]) -> Installed:
    """Everything that comes before `manage.py serve`. `data`: a folder that is made. Raises CannotMeasure."""
    data.mkdir()
    file = data / "configuration.yaml"
    file.write_text(json.dumps(configuration))  # JSON is YAML
    environ = _environ(data)
    _manage("migrate", environ=environ)
    _manage("import_config", str(file), environ=environ)
    key = _manage("create_key", "the benchmark", environ=environ).split()[-1]
    return Installed(data=data, environ=environ, key=key)


def serve(environ: Mapping[str, str], log: Path) -> AbstractContextManager[Server]:
    """`manage.py serve`, on the database that was prepared."""
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    return serving(command, port=port, log=log, environ=environ, folder=ROOT)


def provider(name: str, url: str, models: list[str]) -> Mapping[str, object]:
    """A provider of chat at `url`, as the configuration has it."""
    return {
        "name": name,
        "enabled": True,
        "apiTypes": ["chat"],
        "baseUrls": {"chat": url},
        "auth": {"type": "bearer", "apiKeyEnv": CREDENTIAL},
        "models": models,
    }


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
        "PLEXUS_MAX_IN_FLIGHT": "10000",  # nor how many there are in all
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
