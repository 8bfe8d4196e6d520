"""Portkey's open gateway on Node: it is told the provider and its address in each request's headers."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from shutil import which

from benchmarks.contenders.base import Contender, Workplace
from benchmarks.failures import Absent
from benchmarks.processes import Server, free_port, serving

NAME = "portkey"
PACKAGE = "@portkey-ai/gateway"
VERSION = "1.15.2"


def package(rivals: Path) -> Path:
    """Where `--install-rivals` puts it."""
    return rivals / NAME / "node_modules" / PACKAGE


def prepare(workplace: Workplace) -> Contender:
    """Raises Absent."""
    installed, node = package(workplace.rivals), which("node")
    program = installed / "build" / "start-server.js"
    if node is None or not program.exists():
        raise Absent("Portkey is not installed; `manage.py benchmark --install-rivals` does it where there is Node")
    version = json.loads((installed / "package.json").read_text())["version"]
    headers = {
        "Authorization": "Bearer sk-benchmark",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{workplace.upstream_port}/v1",
    }
    return Contender(name=NAME, version=version, start=partial(start, node, program, workplace), headers=headers)


def start(node: str, program: Path, workplace: Workplace) -> AbstractContextManager[Server]:
    """A gateway of its own, without its page for people."""
    port = free_port()
    command = [node, str(program), f"--port={port}", "--headless"]
    return serving(command, port=port, log=workplace.folder / "portkey.log", folder=workplace.folder)
