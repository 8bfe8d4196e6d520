"""Before Django: an environment of our own beside manage.py, made and filled with the standard library alone.

    running inside                              what happens
    ──────────────────────────────────────────  ─────────────────────────────────────────────────────
    our environment, filled                     nothing
    our environment, stale or not filled        pip installs what pyproject.toml says; start again
    any other with Django                       nothing, or one sentence on what is missing there
    anything else                               `.venv` is made if need be; start again inside it

Nothing here may import more than the standard library, and `plexus_site/__init__.py` neither.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from plexus_site import installer

try:
    import fcntl
except ImportError:  # Windows has none; there, two first starts at once are the operator's to avoid.
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
UNFINISHED = "unfinished"
"""What the stamp says from the moment pip begins to write packages until it is done."""


class SetupFailed(Exception):
    """The environment cannot be made or filled. The message is for the person at the keyboard: what, and the cure."""


def ensure_environment(argv: Sequence[str]) -> None:
    """Return where all that `argv` needs is installed; elsewhere make it so and start again. Raises SetupFailed."""
    extras = extras_for(argv)
    if os.environ.get("PLEXUS_NO_BOOTSTRAP") == "1":
        _require_django()
    elif is_ours(Path(sys.prefix)):
        _fill(Path(sys.prefix), extras)
    elif not _has_all(extras):
        folder = own_folder(f"{sys.version_info.major}.{sys.version_info.minor}")
        with _only_one():
            if not _is_usable(folder):
                _make(folder)
        _start_again_with(_python_of(folder))


def extras_for(argv: Sequence[str]) -> tuple[str, ...]:
    """The extras of pyproject.toml that this command line needs."""
    return ("dev",) if argv[1:2] == ["test"] else ()


def own_folder(version: str) -> Path:
    """Where the environment for this Python `version` ("3.11") stands or will stand.

    PLEXUS_VENV if set. Else `.venv`, unless that one was made by another version: then `.venv-3.13`, because
    whoever writes `python3.13 manage.py` means 3.13, and a server may still be running from the other.
    """
    chosen = os.environ.get("PLEXUS_VENV")
    if chosen:
        return ROOT / chosen
    made_with = _version_in(ROOT / ".venv" / "pyvenv.cfg")
    return ROOT / (".venv" if made_with in (None, version) else f".venv-{version}")


def is_ours(prefix: Path) -> bool:
    """Whether this prefix is one of the environments that `own_folder` names."""
    prefix = prefix.resolve()
    chosen = os.environ.get("PLEXUS_VENV")
    if chosen and prefix == (ROOT / chosen).resolve():
        return True
    return prefix.parent == ROOT and re.fullmatch(r"\.venv(-[\d.]+)?", prefix.name) is not None


def stamp_for(extras: Sequence[str], *, pyproject: bytes, version: str) -> str:
    """What an environment is marked with when it holds just this: any change of the three gives another stamp."""
    return hashlib.sha256(b"\0".join([pyproject, version.encode(), ",".join(extras).encode()])).hexdigest()


def missing_requirements(pyproject: bytes, extras: Sequence[str]) -> list[str]:
    """Names of the distributions that pyproject.toml asks for and this interpreter has not, whatever their version."""
    project = tomllib.loads(pyproject.decode())["project"]
    wanted = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    if sys.platform == "win32":
        wanted = [line for line in wanted if "!= 'win32'" not in line]
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in wanted]
    return [name for name in names if not _is_installed(name)]


def _has_all(extras: Sequence[str]) -> bool:
    """Whether this interpreter, which is not ours, serves. False: an environment of our own is wanted.

    Raises SetupFailed where somebody meant this one for Plexus and it lacks something: not ours to change.
    """
    if importlib.util.find_spec("django") is None:
        return False
    pyproject = PYPROJECT.read_bytes()
    missing = missing_requirements(pyproject, extras)
    if not missing:
        return True
    # A system's Python may happen to have a Django of its own and little else; nobody meant that one for us.
    if sys.prefix == sys.base_prefix and missing_requirements(pyproject, ()):
        return False
    extra = f"[{','.join(extras)}]" if extras else ""
    raise SetupFailed(
        f"The environment {sys.prefix} has Django but not {', '.join(missing)}.\n"
        f"Install the rest into it: {sys.executable} -m pip install -e '.{extra}'\n"
        "Or leave that environment, and manage.py makes one of its own."
    )


def _fill(folder: Path, extras: Sequence[str]) -> None:
    """Return if the environment that we run in holds all; else install it and start again."""
    if _is_filled(folder, extras):
        return
    with _only_one():
        if not _is_filled(folder, extras):
            _install(folder, extras)
    _start_again_with(Path(sys.executable))


def _is_filled(folder: Path, extras: Sequence[str]) -> bool:
    stamp, pyproject = _stamp_of(folder), PYPROJECT.read_bytes()
    if not stamp:  # made by hand; its maker keeps the versions
        return importlib.util.find_spec("django") is not None and not missing_requirements(pyproject, extras)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    # Who has the development extras has the rest.
    return stamp in {stamp_for(some, pyproject=pyproject, version=version) for some in (tuple(extras), ("dev",))}


def _install(folder: Path, extras: Sequence[str]) -> None:
    if importlib.util.find_spec("pip") is None:
        # uv makes environments without pip, and a new minor Python in the same place does not see the old one's.
        made = subprocess.run([sys.executable, "-m", "ensurepip"], capture_output=True, text=True, check=False)
        if made.returncode:
            raise SetupFailed(_cannot_make(folder, made.stderr))
    stamp = _stamp_file(folder)
    what = f".[{','.join(extras)}]" if extras else "."
    try:
        installer.install(what, where=ROOT, on_first_write=lambda: _write(stamp, UNFINISHED))
    except installer.InstallFailed as failure:
        raise SetupFailed(f"{failure}\n\nPlexus could not be installed into {folder}. {failure.cure}") from None
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    _write(stamp, stamp_for(extras, pyproject=PYPROJECT.read_bytes(), version=version))


def _is_usable(folder: Path) -> bool:
    """Whether its interpreter runs, and no earlier set-up was killed half-way in it."""
    if not os.access(_python_of(folder), os.X_OK) or _stamp_of(folder) == UNFINISHED:
        return False
    if _stamp_of(folder):
        return True
    # The record of its files is the last thing that an installation writes.
    probe = (
        "import importlib.metadata as m, importlib.util as u, sys\n"
        "try: pip = m.distribution('pip').read_text('RECORD')\n"
        "except m.PackageNotFoundError: pip = None\n"
        "sys.exit(not (sys.prefix != sys.base_prefix and (pip or u.find_spec('django'))))"
    )
    return subprocess.run([_python_of(folder), "-c", probe], capture_output=True, check=False).returncode == 0


def _make(folder: Path) -> None:
    """An empty environment with pip. Raises SetupFailed."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise SetupFailed(
            f"Plexus makes its environment in {folder}, and {there} is no folder that this user may write to. "
            "Let this user write there, or put Plexus (or PLEXUS_VENV) where it may."
        )
    print(f"Making the environment {folder.name} …", file=sys.stderr, flush=True)
    said = []
    for maker in ("venv", "virtualenv"):
        command = [sys.executable, "-m", maker, "--clear", str(folder)]
        made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if made.returncode == 0:
            return
        said.append(made.stdout + made.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    raise SetupFailed(_cannot_make(folder, said[0]))


def _cannot_make(folder: Path, said: str) -> str:
    cure = "See to what it says above, then run the same command again."
    if importlib.util.find_spec("ensurepip") is None:
        cure = (
            "On Debian and Ubuntu the module for it is a package of its own: "
            f"`sudo apt install python3.{sys.version_info.minor}-venv` (or `python3-venv`). Then run the same command again."
        )
    return f"{said.strip()}\n\nPython could not make the environment {folder}. {cure}"


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold off every other process that sets up the same tree. The lock goes with the process, however it ends."""
    with PYPROJECT.open("rb") as file:
        if fcntl is not None:
            _lock(file.fileno())
        yield


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another process is setting up Plexus here; waiting for it …", file=sys.stderr, flush=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        pass  # A file system without locks. Two first starts at once are rare.


def _start_again_with(python: Path) -> NoReturn:
    command = [str(python), *sys.orig_argv[1:]]
    if os.name == "nt":  # There, execv returns to the shell at once and leaves the new process behind.
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def _require_django() -> None:
    if importlib.util.find_spec("django") is None:
        raise SetupFailed(
            f"PLEXUS_NO_BOOTSTRAP=1 is set and {sys.executable} has no Django. "
            "Unset it, and manage.py makes an environment of its own; or `pip install -e .` first."
        )


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _version_in(pyvenv_cfg: Path) -> str | None:
    """The minor version ("3.11") that an environment was made by; venv and virtualenv name the line differently."""
    try:
        found = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", pyvenv_cfg.read_text(), re.MULTILINE)
    except OSError:
        return None
    return found[1] if found else None


def _stamp_file(folder: Path) -> Path:
    return folder / ".plexus-installed"


def _stamp_of(folder: Path) -> str:
    """Empty where there is none."""
    try:
        return _stamp_file(folder).read_text()
    except OSError:
        return ""


def _write(stamp: Path, text: str) -> None:
    """Whole or not at all: a process killed here must not leave half a stamp."""
    beside = stamp.with_suffix(".new")
    beside.write_text(text)
    beside.replace(stamp)
