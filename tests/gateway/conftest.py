"""A gateway as quickstart leaves it, for tests that run `manage.py` as a process of its own."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.management.quickstart.demo_server import DemoServer
from tests.gateway.running import READY, Running
from tests.throwaway_servers import NoServer, valkey


@pytest.fixture(scope="session")
def demo() -> Iterator[DemoServer]:
    """Slow enough that a test can act while an answer is under way."""
    with DemoServer(0, seconds_per_word=0.1) as server:
        yield server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with all migrations and nothing else: to make it takes a process longer than all that it does later."""
    folder = tmp_path_factory.mktemp("migrated")
    with Running("migrate", data=folder) as migrating:
        assert migrating.wait() == 0, migrating.output
    return folder


@pytest.fixture
def new(migrated: Path, tmp_path: Path) -> Path:
    """A copy of the migrated folder, for one test."""
    return shutil.copytree(migrated, tmp_path / "new")


@pytest.fixture(scope="session")
def prepared(demo: DemoServer, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder as quickstart leaves it, its demo provider leading to `demo`; and a client key."""
    folder = shutil.copytree(migrated, tmp_path_factory.mktemp("prepared") / "data")
    with Running("quickstart", "--port", "0", "--demo-port", "0", data=folder) as quickstart:
        quickstart.wait_for(READY)
        key = quickstart.key
        assert quickstart.stop() == 0
    _lead_to(folder, demo)
    return folder, key


def _lead_to(folder: Path, demo: DemoServer) -> None:
    with contextlib.closing(sqlite3.connect(folder / "plexus.sqlite3")) as connection, connection:
        connection.execute("UPDATE providers_endpoint SET base_url = ?", [demo.base_url])


@pytest.fixture
def data(prepared: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of the prepared folder, for one test."""
    return shutil.copytree(prepared[0], tmp_path / "data")


@pytest.fixture
def key(prepared: tuple[Path, str]) -> str:
    return prepared[1]


@pytest.fixture(scope="session")
def redis_url() -> str:
    try:
        return valkey().url
    except NoServer as failure:
        pytest.skip(str(failure))
