"""No key of a foreign file is dropped without a word: taking one away changes the configuration, or what is said of it."""

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.interchange import IMPORTERS, NATIVE, format_of
from gateway.interchange.document import Document
from gateway.interchange.findings import Kind

FOLDER = Path(__file__).parent / "every_key"
FILES = sorted(file.name for file in FOLDER.glob("*.yaml"))
DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
Steps = tuple[str | int, ...]
"""The way to a key: names of keys, and places in lists. The first is the number of the document."""


@cache
def format_of_file(file: str) -> str:
    return format_of((FOLDER / file).read_text())


@cache
def everything(file: str) -> list[Any]:  # Any: what YAML can hold
    """The documents of a file that has every key of its format."""
    return list(yaml.safe_load_all((FOLDER / file).read_text()))


def outcome(file: str, documents: list[Any]) -> tuple[Document, list[tuple[Kind, str, str]]]:
    """The configuration, and all that is said, but for the lines."""
    text = yaml.dump_all(documents, Dumper=DUMPER, default_flow_style=True, width=1_000_000, sort_keys=False)
    reading = IMPORTERS[format_of_file(file)].read(text)
    return reading.document, sorted((one.kind, one.place.path, one.message) for one in reading.findings)


def keys(value: Any, ignored: set[str], steps: Steps = (), path: str = "") -> Iterator[Steps]:
    """The way to every key, but for those inside something that is ignored as a whole."""
    if path in ignored:
        return
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from keys(item, ignored, (*steps, place), f"{path}[{place}]" if steps else "")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield (*steps, name)
            yield from keys(item, ignored, (*steps, name), f"{path}.{name}" if path else name)


@cache
def all_keys(file: str) -> list[Steps]:
    _, said = outcome(file, everything(file))
    ignored = {path for kind, path, _ in said if kind is Kind.IGNORED}
    return list(keys(everything(file), ignored))


def without(documents: list[Any], steps: Steps) -> list[Any]:
    changed = copy.deepcopy(documents)
    inner: Any = changed
    for step in steps[:-1]:
        inner = inner[step]
    del inner[steps[-1]]
    return changed


def test_there_is_a_file_for_every_foreign_format() -> None:
    assert {format_of((FOLDER / file).read_text()) for file in FILES} == IMPORTERS.keys() - {NATIVE}


@pytest.mark.parametrize("file", FILES)
def test_nothing_of_it_is_refused(file: str) -> None:
    _, said = outcome(file, everything(file))

    assert not [one for one in said if one[0] is Kind.REFUSED]


@pytest.mark.parametrize("file", FILES)
def test_every_key_has_an_effect_or_a_finding(file: str) -> None:
    whole = outcome(file, everything(file))

    dropped = [steps for steps in all_keys(file) if outcome(file, without(everything(file), steps)) == whole]

    assert len(all_keys(file)) > 10
    assert dropped == []


@pytest.mark.parametrize("file", FILES)
def test_no_planted_key_is_read_or_repeated(file: str) -> None:
    text = (FOLDER / file).read_text()

    reading = IMPORTERS[format_of(text)].read(text)

    assert "planted-key" in text
    assert "planted-key" not in repr(reading)
    assert "planted-key" not in str([provider.credential for provider in reading.document.providers])
