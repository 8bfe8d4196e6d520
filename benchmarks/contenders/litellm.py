"""LiteLLM's proxy, one worker, no database: the same name for two weighted deployments at one upstream, behind a key."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from benchmarks.contenders.base import Contender, Workplace
from benchmarks.failures import Absent
from benchmarks.processes import Server, free_port, serving
from benchmarks.requests import MODEL

NAME = "litellm"
PACKAGE = "litellm[proxy]"
VERSION = "1.106.2"
KEY = "sk-benchmark-litellm"


def executable(rivals: Path) -> Path:
    """Where `--install-rivals` puts it."""
    return rivals / NAME / "bin" / "litellm"


def prepare(workplace: Workplace) -> Contender:
    """Raises Absent."""
    program = executable(workplace.rivals)
    if not program.exists():
        raise Absent("LiteLLM is not installed; `manage.py benchmark --install-rivals` does it, apart from Plexus")
    version = "from importlib.metadata import version; print(version('litellm'))"
    python = str(program.with_name("python"))
    found = subprocess.run([python, "-c", version], capture_output=True, text=True, check=True)
    return Contender(
        name=NAME,
        version=found.stdout.strip(),
        start=partial(start, program, workplace),
        headers={"Authorization": f"Bearer {KEY}"},
    )


def start(program: Path, workplace: Workplace) -> AbstractContextManager[Server]:
    """A proxy of its own, with its log of accesses turned off as Plexus's is."""
    port = free_port()
    configuration, logging = workplace.folder / "litellm.yaml", workplace.folder / "litellm-logging.json"
    configuration.write_text(json.dumps(_configuration(workplace)))  # JSON is YAML
    logging.write_text(json.dumps({"version": 1, "loggers": {"uvicorn.access": {"level": "ERROR"}}}))
    command = [str(program), "--config", str(configuration), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--num_workers", "1", "--telemetry", "False", "--log_config", str(logging)]
    environ = {**os.environ, "LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    # The settings of the Plexus beside it are none of its own: it would connect to our database.
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        environ.pop(name, None)
    return serving(command, port=port, log=workplace.folder / "litellm.log", environ=environ, folder=workplace.folder)


def _configuration(workplace: Workplace) -> dict[str, object]:
    base = f"http://127.0.0.1:{workplace.upstream_port}/v1"
    deployments = [
        {
            "model_name": MODEL,
            "litellm_params": {
                "model": f"openai/{model}",
                "api_base": base,
                "api_key": "sk-benchmark",
                "weight": weight,
            },
        }
        for model, weight in (("gpt-4o-mini", 70), ("gpt-4o", 30))
    ]
    return {"model_list": deployments}
