"""docs/rest-api.md runs as it stands, and docs/api-reference.md is what the views say."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.api.description import description
from gateway.api.reference import written
from tests.gateway.api.asking import a_token, a_user
from tests.gateways import RunningGateway

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"```bash\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
EXAMPLES = BLOCK.findall((DOCS / "rest-api.md").read_text())


def test_the_reference_is_current() -> None:
    assert (DOCS / "api-reference.md").read_text() == written(description()), "run manage.py write_api_reference"


def test_every_example_says_what_it_answers() -> None:
    assert len(EXAMPLES) == (DOCS / "rest-api.md").read_text().count("```bash") >= 9


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the examples need curl and jq")
@pytest.mark.django_db(transaction=True)
def test_the_examples_run_as_they_stand(gateway: RunningGateway, tmp_path: Path) -> None:
    token = a_token(a_user("anna", is_superuser=True))
    environ = {**os.environ, "PLEXUS": gateway.url, "TOKEN": token}

    for commands, expected in EXAMPLES:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=tmp_path, env=environ, capture_output=True, text=True
        )
        assert ran.returncode == 0, f"{commands}\n{ran.stdout}\n{ran.stderr}"
        for line in expected.splitlines():
            assert line in ran.stdout, f"{commands}\n{ran.stdout}"
