"""The pytest plugin that decides what a run stands on, before Django reads its settings.

PLEXUS_TEST_SERVICES   what the tests run on
embedded (or unset)    SQLite, this process's own cache, Celery in this process
real                   PostgreSQL and Valkey or Redis (DATABASE_URL and REDIS_URL if set, else throwaway
                       servers), and a Celery worker process

Loaded by `-p tests.services` and at work on import: a hook would be too late, pytest-django has read the settings
by then. Either way the run is shielded from the user's own settings, keys and data folder.
"""

import atexit
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import django
import pytest

from tests import throwaway_servers
from tests.throwaway_servers import NoServer, Server

OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
REAL = os.environ.get("PLEXUS_TEST_SERVICES") == "real"
REPORT = os.environ.get("PLEXUS_TEST_REPORT", "")
"""Where `manage.py test` wants to read how the run went. Empty: nobody asks."""
ELSEWHERE = pytest.StashKey[int]()
"""How many tests were left to the other half."""


def shield(environ: MutableMapping[str, str]) -> None:
    """Take out of `environ` all that would make the tests depend on whose machine they run on."""
    for name in [*environ]:
        if name.startswith("PLEXUS_") and not name.startswith("PLEXUS_TEST_"):
            del environ[name]
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SECRET_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        environ.pop(name, None)
    environ["PLEXUS_ENV_FILE"] = ""
    # A user's proxy does not know our loopback.
    environ["NO_PROXY"] = environ["no_proxy"] = "127.0.0.1,localhost,::1"


def start(environ: MutableMapping[str, str]) -> str:
    """Set up the run and return what it runs on: "SQLite 3.40.1, in-process worker". Raises NoServer."""
    database_url, redis_url = environ.get("DATABASE_URL", ""), environ.get("REDIS_URL", "")
    shield(environ)
    folder = Path(tempfile.mkdtemp(prefix="plexus-test-data-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environ["PLEXUS_DATA_DIR"] = str(folder)
    if not REAL:
        return f"SQLite {sqlite3.sqlite_version}, in-process worker"
    database, broker = _database(database_url), _broker(redis_url)
    environ["DATABASE_URL"], environ["REDIS_URL"] = database.url, broker.url
    return f"{database.name}, {broker.name}, Celery worker"


def _database(url: str) -> Server:
    if not url:
        return throwaway_servers.postgres()
    if not urlsplit(url).scheme.startswith(("postgres", "psql", "pgsql")):
        raise NoServer("DATABASE_URL names no PostgreSQL; unset it, and the tests start one")
    return throwaway_servers.postgres_at(url)


def _broker(url: str) -> Server:
    return throwaway_servers.valkey_at(url) if url else throwaway_servers.valkey()


def _report(**facts: object) -> None:
    if REPORT:
        Path(REPORT).write_text(json.dumps(facts))


_sessions: list[pytest.Session] = []


def pytest_sessionstart(session: pytest.Session) -> None:
    _sessions.append(session)


def _leave(signum: int, frame: object) -> NoReturn:
    # What runs at this moment may take the exception for a fault of its own: then this test is the last.
    for session in _sessions:
        session.shouldstop = "terminated"
    pytest.exit("terminated", returncode=128 + signum)


# Without this, a terminated run would leave its servers behind: Python runs no atexit after SIGTERM.
signal.signal(signal.SIGTERM, _leave)
# A script's `manage.py test &` ignores Ctrl-C, and under nohup the terminal's end; so would every server that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
try:
    RUNS_ON = start(os.environ)
except NoServer as failure:
    _report(failure=str(failure))
    sys.exit(f"The tests cannot start on real services. {failure}")
except (KeyboardInterrupt, pytest.exit.Exception):
    sys.exit(130)


def pytest_report_header() -> str:
    python = ".".join(str(part) for part in sys.version_info[:3])
    return f"plexus: {'real' if REAL else 'embedded'} ({RUNS_ON}), Python {python}, Django {django.__version__}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell `manage.py test` what became of the tests."""
    stats, config = terminalreporter.stats, terminalreporter.config
    _report(
        counts={outcome: len(stats.get(outcome, [])) for outcome in OUTCOMES},
        elsewhere=config.stash.get(ELSEWHERE, 0),
        runs_on=RUNS_ON,
        # A test may be told of twice: it failed, and so did a fixture after it.
        failed=list(dict.fromkeys(report.nodeid for what in ("failed", "error") for report in stats.get(what, []))),
        is_cut_short=any(session.shouldfail or session.shouldstop for session in _sessions),
    )
