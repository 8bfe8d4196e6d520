"""Which half of `manage.py test` a test belongs to. A pytest plugin.

What uses the test database, and so whatever stands on it, differs between SQLite and PostgreSQL, between the worker in this
process and Celery's: it runs in both halves. What uses none of that would do the very same again: the embedded half runs it
alone; that it uses none pytest-django sees to. Who looks at what the run stands on, or starts servers of its own, says so:
`@pytest.mark.halves("real")`. The embedded half may run in two parts side by side: what uses the database, and the rest.
"""

import os
from collections.abc import Collection

import pytest
from django.test import TransactionTestCase

from tests import services

BOTH = ("embedded", "real")
HALF = "real" if services.REAL else "embedded"
PART = os.environ.get("PLEXUS_TEST_PART", "")
"""Of this half, what uses the database (“database”) or what does not (“rest”). Empty: all of it."""
EVERYTHING = bool(os.environ.get("PLEXUS_TEST_EVERYTHING"))
"""Run in this half too what belongs to the other one."""
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_setup"}
"""All others of pytest-django's ask for one of these."""


@pytest.hookimpl(trylast=True)  # after `-k` and `-m`: what nobody asked for is not ours to count
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the other half what belongs to it alone, and count it; the other part of this half counts its own."""
    if PART:
        config.hook.pytest_deselected(items=[item for item in items if part_of(item) != PART])
        items[:] = [item for item in items if part_of(item) == PART]
    elsewhere = [item for item in items if HALF not in halves_of(item)]
    if elsewhere:
        config.stash[services.ELSEWHERE] = len(elsewhere)
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if HALF in halves_of(item)]


def halves_of(item: pytest.Item) -> Collection[str]:
    """The halves in which a test runs."""
    if EVERYTHING:
        return BOTH
    said = item.get_closest_marker("halves")
    if said is not None:
        return said.args
    return BOTH if uses_the_database(item) else ("embedded",)


def part_of(item: pytest.Item) -> str:
    """The part of its half in which a test runs, where that runs in two."""
    return "database" if uses_the_database(item) else "rest"


def uses_the_database(item: pytest.Item) -> bool:
    """By its mark, by a fixture that it or another fixture asks for, or by being one of Django's own kind."""
    asked_for, kind = set(getattr(item, "fixturenames", ())), getattr(item, "cls", None)
    return (
        item.get_closest_marker("django_db") is not None
        or not asked_for.isdisjoint(DATABASE_FIXTURES)
        or (kind is not None and issubclass(kind, TransactionTestCase))
    )


def pytest_report_collectionfinish(config: pytest.Config) -> str:
    elsewhere = config.stash.get(services.ELSEWHERE, 0)
    return f"plexus: {elsewhere} tests belong to the other half alone (tests/halves.py)" if elsewhere else ""
