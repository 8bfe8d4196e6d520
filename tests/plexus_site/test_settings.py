"""The settings as a process reads them at its start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRINT_BROKER = "from plexus_site import settings; print(settings.CELERY_BROKER_URL)"


def started(data: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """A process that reads the settings, with these in its environment and no others."""
    clean = {"PATH": os.environ["PATH"], "PLEXUS_ENV_FILE": "", "PLEXUS_DATA_DIR": str(data), **environ}
    return subprocess.run(
        [sys.executable, "-c", PRINT_BROKER],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("setting", ["REDIS_URL", "CELERY_BROKER_URL"])
def test_a_server_without_a_scheme_stops_the_start(setting: str, tmp_path: Path) -> None:
    process = started(tmp_path, **{setting: "localhost:6379"})

    assert process.returncode == 1
    assert f"{setting} must be a URL such as redis://" in process.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PLEXUS_ALLOWED_HOSTS", "https://plexus.example.com"),
        ("PLEXUS_CSRF_TRUSTED_ORIGINS", "plexus.example.com"),
        ("SECRET_KEY", "a short one"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_the_setting(setting: str, value: str, tmp_path: Path) -> None:
    process = started(tmp_path, **{setting: value})

    assert process.returncode == 1
    assert f"ImproperlyConfigured: {setting} must " in process.stderr


@pytest.mark.parametrize(
    ("redis_url", "broker"),
    [
        ("", "filesystem://localhost"),
        ("rediss://cache:6379/0", "rediss://cache:6379/0"),
        ("unix:///run/valkey.sock?db=1", "redis+socket:///run/valkey.sock?virtual_host=1"),
    ],
)
def test_tasks_go_where_the_table_does_unless_said_otherwise(redis_url: str, broker: str, tmp_path: Path) -> None:
    process = started(tmp_path, REDIS_URL=redis_url)

    assert process.stdout.strip() == broker, process.stderr
