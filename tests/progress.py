"""How far this half is, for `manage.py test`: it shows one half as it goes, and of the other a line now and then. A pytest plugin."""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

FILE = os.environ.get("PLEXUS_TEST_PROGRESS", "")
"""Where to tell it. Empty: nobody asks."""
TELL_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class Progress:
    """What is told."""

    over: int = 0
    of: int = 0
    failed: list[str] = field(default_factory=list)

    def tell(self, file: Path) -> None:
        """Whole or not at all: somebody may be reading."""
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(file)


class Teller:
    """Counts tests and tells, at once of one that failed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._told_at = time.monotonic()
        self._progress = Progress()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._progress.of = len(session.items)
        self._progress.tell(self._file)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._progress.over += report.when == "teardown"
        if report.failed:
            self._progress.failed.append(report.nodeid)
        if report.failed or time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            self._progress.tell(self._file)

    def pytest_sessionfinish(self) -> None:
        self._progress.tell(self._file)


def pytest_configure(config: pytest.Config) -> None:
    if FILE:
        config.pluginmanager.register(Teller(Path(FILE)), "plexus-progress")
