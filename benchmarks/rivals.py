"""Installing the rivals: each pinned, in a folder of its own, so that nothing of theirs meets anything of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import which

from benchmarks.contenders import litellm, portkey
from benchmarks.processes import last_lines

LONGEST_SECONDS = 900
PORTKEY_PACKAGE = {
    "private": True,
    "dependencies": {portkey.PACKAGE: portkey.VERSION},
    # Portkey is built against this one, and lets npm take newer ones: with those every stream is answered with status 500
    # (“TypeError: immutable”).
    "overrides": {"@hono/node-server": "1.13.5"},
}


def install(rivals: Path, say: Callable[[str], None]) -> None:
    """Install what is not there yet. What cannot be installed is said, and left out of the run."""
    for name, is_there, way in (
        ("LiteLLM " + litellm.VERSION, litellm.executable(rivals).exists(), _install_litellm),
        ("Portkey " + portkey.VERSION, portkey.package(rivals).exists(), _install_portkey),
    ):
        if is_there:
            say(f"{name} is installed.")
            continue
        say(f"Installing {name} under {rivals} …")
        problem = way(rivals)
        say(f"{name} could not be installed and is left out: {problem}" if problem else f"{name} is installed.")


def _install_litellm(rivals: Path) -> str:
    folder = rivals / litellm.NAME
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*pip, f"{litellm.PACKAGE}=={litellm.VERSION}"],
    ]
    return _run(steps, folder)


def _install_portkey(rivals: Path) -> str:
    npm = which("npm")
    if npm is None:
        return "there is no npm; on Debian and Ubuntu, `apt-get install nodejs npm` brings it."
    folder = rivals / portkey.NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps(PORTKEY_PACKAGE))
    return _run([[npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]], folder)


def _run(steps: Sequence[Sequence[str]], folder: Path) -> str:
    """What went wrong, in the installer's own last words; empty when nothing did."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.with_name(f"{folder.name}-install.log")
    with log.open("w") as output:
        for step in steps:
            try:
                done = subprocess.run(
                    step, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=LONGEST_SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                return f"it took longer than {LONGEST_SECONDS} s."
            if done.returncode:
                return last_lines(log)
    return ""
