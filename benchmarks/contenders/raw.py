"""The raw pass-through: uvicorn and Plexus's client, and nothing between them."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import partial

import uvicorn

from benchmarks.contenders.base import ROOT, Contender, Workplace
from benchmarks.processes import Server, free_port, serving

NAME = "raw"


def prepare(workplace: Workplace) -> Contender:
    """It is always there."""
    return Contender(name=NAME, version=f"uvicorn {uvicorn.__version__}", start=partial(start, workplace))


def start(workplace: Workplace) -> AbstractContextManager[Server]:
    """A pass-through of its own."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.raw_passthrough", str(port), workplace.upstream_url]
    return serving(command, port=port, log=workplace.folder / "raw.log", folder=ROOT)
