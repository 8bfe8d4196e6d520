"""Reading settings: what is said of a wrong one, and what is not read into a right one."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from plexus_site.environment import Environment, is_host, is_origin, kept_secret

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
    "url",
    [
        "localhost:6379",
        "http://:hidden@a",
        "redis://",
        "redis",
        "redis://:hidden@a:port",
        "redis://a;b:hidden",
        "redis://:hidden@a:65536",
    ],
)
def test_any_other_is_refused_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_URL", url)

    with pytest.raises(ImproperlyConfigured, match="T_URL must be a URL such as redis://127") as refused:
        Environment().servers("T_URL", REDIS, default="", example=EXAMPLE)

    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("port", ["70000", "port"])
def test_a_port_that_cannot_be_is_refused_with_the_ports_that_can(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_URL", f"redis://a:{port}")

    with pytest.raises(ImproperlyConfigured, match="A port is a number from 1 to 65535"):
        Environment().servers("T_URL", REDIS, default="", example=EXAMPLE)


@pytest.mark.parametrize("url", ["garbage", "postgres://a:hidden@b:70000/c", "mysql://a:hidden@b/c"])
def test_an_address_of_no_database_is_one_sentence_and_no_warning(url: str, recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must be postgres") as refused:
        Environment().database(url)

    assert "hidden" not in str(refused.value)
    assert [str(warning.message) for warning in recwarn] == []


def test_a_short_secret_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_SECRET", "x7" * 15)

    with pytest.raises(ImproperlyConfigured, match="T_SECRET must have at least 32 characters, and has 30") as refused:
        Environment().secret("T_SECRET")

    assert "x7" not in str(refused.value)


@pytest.mark.parametrize("secret", ["", "x7" * 16])
def test_a_secret_is_long_or_none(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_SECRET", secret)

    assert Environment().secret("T_SECRET") == secret


def test_each_word_of_a_list_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_HOSTS", "a.example.com, https://b.example.com,")

    with pytest.raises(ImproperlyConfigured, match="T_HOSTS must be hosts, not “https"):
        Environment().each("T_HOSTS", is_host, default="", wanted="hosts")

    assert Environment().each("T_HOSTS", lambda word: True, default="", wanted="") == [
        "a.example.com",
        "https://b.example.com",
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "*", ".example.com", "a-b.example.com", "my_host"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize("host", ["https://a.b", "a.b/", "a.b:4000", "a b", "*.a.b", "::1", "a..b"])
def test_what_no_host_header_ever_matches_is_no_host(host: str) -> None:
    assert not is_host(host)


@pytest.mark.parametrize("origin", ["https://a.b", "http://localhost:4000", "https://*.a.b", "https://[::1]:4000"])
def test_an_origin_has_a_scheme_and_a_host(origin: str) -> None:
    assert is_origin(origin)


@pytest.mark.parametrize(
    "origin",
    ["a.b", "https://a.b/", "https://a.b/admin", "ftp://a.b", "https://", "https://u@a.b", "https://a.b:70000"],
)
def test_anything_else_is_no_origin(origin: str) -> None:
    assert not is_origin(origin)


# What is made


def test_a_secret_that_is_made_is_for_its_owner_alone_and_so_is_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "data" / "secret_key"

    secret = kept_secret(file)

    assert kept_secret(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
