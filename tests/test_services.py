"""The run stands on what it says it does, and on nothing of the user's."""

import os

import pytest
from django.conf import settings
from django.db import connection

from gateway.management.commands.test import Outcome
from tests import services


@pytest.mark.django_db
def test_each_half_has_the_database_it_names() -> None:
    assert connection.vendor == ("postgresql" if services.REAL else "sqlite")


def test_each_half_has_the_broker_it_names() -> None:
    assert settings.CELERY_BROKER_URL.startswith("redis://" if services.REAL else "memory://")


def test_the_users_settings_keys_and_proxies_do_not_reach_the_tests() -> None:
    environ = {
        "DATABASE_URL": "postgres://u:p@example.com/x", "REDIS_URL": "redis://example.com", "OPENAI_API_KEY": "sk-real",
        "PLEXUS_LOG_LEVEL": "DEBUG", "PLEXUS_TEST_SERVICES": "real", "HTTPS_PROXY": "http://proxy", "PATH": "/bin",
    }  # fmt: skip

    services.shield(environ)

    assert environ == {
        "PLEXUS_TEST_SERVICES": "real", "HTTPS_PROXY": "http://proxy", "PATH": "/bin", "PLEXUS_ENV_FILE": "",
        "NO_PROXY": "127.0.0.1,localhost,::1", "no_proxy": "127.0.0.1,localhost,::1",
    }  # fmt: skip


def test_the_data_folder_is_a_throwaway_one() -> None:
    assert str(settings.DATA_DIR) == os.environ["PLEXUS_DATA_DIR"]
    assert settings.DATA_DIR.name.startswith("plexus-test-data-")


@pytest.mark.django_db(transaction=True)
def test_the_celery_worker_answers(celery_worker: None) -> None:
    from plexus_site.celery import app

    assert app.control.ping(timeout=5.0)


@pytest.mark.parametrize(
    ("outcome", "says", "is_good"),
    [
        (Outcome(half="real", exit_code=0, counts={"passed": 3, "skipped": 1}, runs_on="here"), "real: 3 passed, 1 skipped (here)", True),
        (Outcome(half="real", exit_code=1, counts={"passed": 3, "failed": 1}, runs_on="here"), "real: 3 passed, 1 failed (here)", False),
        (Outcome(half="real", exit_code=5, counts={"passed": 0}, runs_on="here"), "real: no test ran (here)", False),
        (Outcome(half="real", exit_code=0, counts={"skipped": 2}, runs_on="here"), "real: no test ran, 2 skipped (here)", False),
        (Outcome(half="real", exit_code=1, failure="no binaries"), "real: could not start (no binaries)", False),
        (Outcome(half="real", exit_code=130, counts={"passed": 3}), "real: stopped", False),
        (Outcome(half="real", exit_code=4, counts={"passed": 3}), "real: 3 passed, pytest ended with 4", False),
    ],
)  # fmt: skip
def test_the_last_line_says_plainly_what_ran(outcome: Outcome, says: str, is_good: bool) -> None:
    assert (str(outcome), outcome.is_good) == (says, is_good)
