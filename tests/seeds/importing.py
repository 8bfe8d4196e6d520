"""Files and texts by way of the command, as an operator imports them."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

EXAMPLES = Path(__file__).parents[2] / "examples"
Shares = Mapping[str, float]
"""provider/model -> how often it is asked first."""


def import_file(file: Path, *options: str) -> str:
    """What import_config says of it."""
    said = io.StringIO()
    call_command("import_config", str(file), *options, stdout=said)
    return said.getvalue()


def import_text(text: str, folder: Path, *options: str) -> str:
    """As `import_file`, by way of a file in this folder."""
    return import_file(_file(text, folder), *options)


def refusal_of(text: str, folder: Path) -> str:
    """What import_config says of a text that it refuses, and which changes nothing."""
    errors = io.StringIO()
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("import_config", str(_file(text, folder)), stderr=errors)
    return errors.getvalue()


def _file(text: str, folder: Path) -> Path:
    file = folder / "config.yaml"
    file.write_text(text)
    return file
