"""Fixtures that every room's tests may ask for."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest
import pytest_django
from django.conf import settings
from django.db import connection

from tests import services
from tests.gateways import gateway, upstream

__all__ = ["gateway", "upstream"]

# How long an example takes is the machine's business: Hypothesis would fail one that meets a pause of 0.2 s.
hypothesis.settings.register_profile("plexus", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("plexus")
WORKER_START_SECONDS = 180.0


@pytest.hookimpl(trylast=True)  # after pytest-django has put them into its order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The cost guard counts memory blocks, of which a process that has run other tests holds some more: it comes first."""
    items.sort(key=lambda item: item.path.name != "test_cost_guard.py")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django's hook: keep SQLite's test database in a file, which threads and other processes can share."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(Path(settings.DATA_DIR) / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """The history's pieces of the coming days are dropped: emptying all of them after each test takes seconds."""
    from history.partitions import days, store
    from tests.emptying import DATABASE

    with django_db_blocker.unblock():
        if store.are_cut():
            for table in days.KEYS:
                store.drop([piece for piece in store.pieces_of(table) if days.day_of(piece)])
        DATABASE.remember(connection)


@pytest.fixture(scope="session")
def test_database_url(django_db_setup: None) -> str:
    """Where another process finds the test database: what to put into its DATABASE_URL."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def celery_worker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Celery worker that answers: a process of its own on real services, else the one inside this process.

    It sees what is committed only: tests that use it are marked `django_db(transaction=True)`.
    """
    if not services.REAL:
        from tests.worker_in_a_thread import WorkerInAThread

        request.getfixturevalue("django_db_setup")
        blocker = request.getfixturevalue("django_db_blocker")
        worker_here = WorkerInAThread()
        with blocker.unblock():  # On starting, Celery runs Django's checks, and some look into the database.
            worker_here.start()
        yield
        with blocker.unblock():
            worker_here.stop()
        return
    environ = {**os.environ, "DATABASE_URL": request.getfixturevalue("test_database_url")}
    log = tmp_path_factory.mktemp("worker") / "log"
    command = [sys.executable, "-m", "celery", "-A", "plexus_site", "worker", "--concurrency", "1", "-l", "WARNING"]
    with log.open("w+") as output:
        worker = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environ, stdout=output, stderr=output)
        try:
            _wait_until_it_answers(worker, output)
            yield
        finally:
            worker.terminate()
            worker.wait(120)


def _wait_until_it_answers(worker: subprocess.Popen[bytes], output: IO[str]) -> None:
    from plexus_site.celery import app

    until = time.monotonic() + WORKER_START_SECONDS
    while time.monotonic() < until and worker.poll() is None:
        if app.control.ping(timeout=0.5):
            return
    output.seek(0)
    pytest.fail(f"The Celery worker did not start:\n{output.read()}")
