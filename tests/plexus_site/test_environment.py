"""Reading settings: what is said of a wrong one, and what is not read into a right one."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from plexus_site.environment import Environment, kept_secret

REDIS = ("redis", "rediss", "unix")
EXAMPLE = "redis://127.0.0.1:6379/0"


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a file of settings put into the environment leaves with the test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def a_file(folder: Path, text: str) -> Path:
    file = folder / "settings.env"
    file.write_text(text)
    return file


# The file


def test_the_named_file_is_read_and_the_environment_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEXUS_ENV_FILE", str(a_file(tmp_path, "T_FILE=file\nT_BOTH=file\n")))
    monkeypatch.setenv("T_BOTH", "environment")

    env = Environment.load(tmp_path / "no default")

    assert (env.str("T_FILE"), env.str("T_BOTH")) == ("file", "environment")


@pytest.mark.parametrize("name", ["typo.env", "."])
def test_a_named_file_that_cannot_be_read_stops_the_start(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXUS_ENV_FILE", str(tmp_path / name))

    with pytest.raises(ImproperlyConfigured, match="PLEXUS_ENV_FILE"):
        Environment.load(tmp_path / "no default")


def test_without_a_name_the_default_file_may_be_there_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLEXUS_ENV_FILE", raising=False)

    Environment.load(tmp_path / "no default")
    env = Environment.load(a_file(tmp_path, "T_FILE=default\n"))

    assert env.str("T_FILE") == "default"


def test_an_empty_name_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEXUS_ENV_FILE", "")

    env = Environment.load(a_file(tmp_path, "T_FILE=default\n"))

    assert env.str("T_FILE", default="nothing") == "nothing"


# Values


def test_a_value_that_begins_with_a_dollar_is_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_SECRET", "$2y$HOME")
    monkeypatch.setenv("T_HOSTS", "$HOME,b")

    env = Environment()

    assert env.str("T_SECRET", default="") == "$2y$HOME"
    assert env.list("T_HOSTS", default=[]) == ["$HOME", "b"]


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("Yes", True), ("ON", True), ("0", False), ("no", False)]
)
def test_a_truth_has_many_words(text: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_FLAG", text)

    assert Environment().bool("T_FLAG", default=not expected) is expected


def test_another_word_is_no_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_FLAG", "maybe")

    with pytest.raises(ImproperlyConfigured, match=r"T_FLAG must be true or false\. “maybe” is neither\."):
        Environment().bool("T_FLAG")


@pytest.mark.parametrize(
    "url",
    ["", "redis://127.0.0.1:6379/0", "rediss://:pass@cache", "unix:///run/valkey.sock?db=1", "redis://a;redis://b"],
)
def test_the_url_of_a_server_is_taken_as_it_is(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_URL", url)

    assert Environment().servers("T_URL", REDIS, default="", example=EXAMPLE) == url


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://:hidden@a", "redis://", "redis", "redis://:hidden@a:port", "redis://a;b:hidden"]
)
def test_any_other_is_refused_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_URL", url)

    with pytest.raises(ImproperlyConfigured, match="T_URL must be a URL such as redis://127") as refused:
        Environment().servers("T_URL", REDIS, default="", example=EXAMPLE)

    assert "hidden" not in str(refused.value)


# What is made


def test_a_secret_that_is_made_is_for_its_owner_alone_and_so_is_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "data" / "secret_key"

    secret = kept_secret(file)

    assert kept_secret(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
