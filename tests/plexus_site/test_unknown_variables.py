"""Which variables look like settings and are none."""

import re
from pathlib import Path

import pytest

from plexus_site.settings import env
from plexus_site.unknown_variables import unknown

ROOT = Path(__file__).parents[2]
SETTINGS = {"PLEXUS_HISTORY_FLUSH_SECONDS", "PLEXUS_LOG_LEVEL", "PLEXUS_DATA_DIR", "SECRET_KEY"}
DOCUMENTED = sorted(
    {
        name
        for file in ("docs/settings.md", "CONTRIBUTING.md", "docker-compose.yml", "Dockerfile", ".env.example")
        for name in re.findall(r"PLEXUS_[A-Z_]*[A-Z]\b", (ROOT / file).read_text())
    }
)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PLEXUS_HISTORY_FLUSH_SECOND", "PLEXUS_HISTORY_FLUSH_SECONDS"),
        ("PLEXUS_HISTROY_FLUSH_SECONDS", "PLEXUS_HISTORY_FLUSH_SECONDS"),
        ("PLEXUS_LOGLEVEL", "PLEXUS_LOG_LEVEL"),
        ("PLEXUS_COLOUR", ""),
    ],
)
def test_a_name_is_told_with_the_setting_that_it_is_most_like(name: str, meant: str) -> None:
    assert unknown([name, "PLEXUS_LOG_LEVEL", "HOME"], SETTINGS) == {name: meant}


@pytest.mark.parametrize(
    "name",
    [
        *("PLEXUS_TEST_SERVICES", "PLEXUS_KEY", "PLEXUS_API_TOKEN"),
        *("PLEXUS_SERVICE_HOST", "PLEXUS_SERVICE_PORT_HTTP", "PLEXUS_PORT", "PLEXUS_PORT_4000_TCP_ADDR"),
    ],
)
def test_what_others_set_is_nobodys_mistake(name: str) -> None:
    assert unknown([name], SETTINGS) == {}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_documented_name_is_known(name: str) -> None:
    assert unknown([name], env.asked) == {}


def test_there_is_something_documented() -> None:
    assert len(DOCUMENTED) > 30
