"""The last known good table on the disk: what a process starts with while neither database nor Redis answers."""

import os
import stat
import time
from pathlib import Path

import pytest
from django.db import Error
from pytest_django import Settings

from routing.models import Alias
from routing.snapshot import Source
from routing.store import TABLE
from tests.routing.processes import a_process_that_cannot_compile, a_process_that_just_began, another_process
from tests.routing.rows import a_model, an_alias

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_start")]


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, settings: Settings, transactional_db: None) -> Path:
    """Where this machine keeps the table. There is no Redis."""
    settings.REDIS_URL = ""
    settings.DATA_DIR = tmp_path
    return tmp_path / "routing_table.last_known_good"


def test_a_saved_change_is_kept_for_its_owner_alone(kept: Path) -> None:
    an_alias("fast", a_model())

    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir() if path.name.startswith("routing_table")] == [kept.name]


def test_no_secret_is_kept_in_clear(kept: Path) -> None:
    model = a_model()
    model.provider.credential = "sk-very-secret"
    model.provider.save()

    assert b"sk-very-secret" not in kept.read_bytes()


def test_without_database_a_new_process_serves_what_was_known() -> None:
    an_alias("fast", a_model())
    other = a_process_that_just_began()

    assert other.catch_up(ask_database=False)

    assert other.current == TABLE.current
    assert other.source is Source.DISK
    assert other.trouble


def test_it_says_how_old_that_is(kept: Path) -> None:
    an_alias("fast")
    hour_ago = time.time() - 3600
    os.utime(kept, (hour_ago, hour_ago))
    other = a_process_that_just_began()

    other.catch_up(ask_database=False)

    assert other.age_seconds == pytest.approx(3600, abs=60)


def test_a_look_that_finds_nothing_new_makes_it_young_again(kept: Path) -> None:
    an_alias("fast")
    other = another_process()
    hour_ago = time.time() - 3600
    os.utime(kept, (hour_ago, hour_ago))

    other.catch_up()

    assert time.time() - kept.stat().st_mtime < 60


def test_a_process_takes_the_disks_table_when_the_database_says_that_it_is_the_newest() -> None:
    an_alias("fast", a_model())
    other = a_process_that_cannot_compile()

    assert other.catch_up()

    assert (other.source, other.age_seconds < 5) == (Source.DISK, True)


def test_an_old_one_is_not_taken_while_the_database_answers() -> None:
    an_alias("fast")
    Alias.objects.update(name="faster")

    assert list(another_process().current.routes) == ["faster"]


def test_with_nothing_on_the_disk_there_is_nothing_to_serve(kept: Path) -> None:
    other = a_process_that_just_began()

    with pytest.raises(Error):
        other.catch_up(ask_database=False)


def test_what_was_tampered_with_is_refused(kept: Path) -> None:
    an_alias("fast")
    kept.write_bytes(kept.read_bytes().replace(b'"fast"', b'"evil"'))

    with pytest.raises(Error):
        a_process_that_just_began().catch_up(ask_database=False)


@pytest.mark.parametrize("junk", [b"", b"\n", b"junk", b"routing_table 1", b"routing_table x y\n{}", b"\xff\x00"])
def test_junk_is_refused(kept: Path, junk: bytes) -> None:
    an_alias("fast")
    kept.write_bytes(junk)

    with pytest.raises(Error):
        a_process_that_just_began().catch_up(ask_database=False)
    assert list(another_process().current.routes) == ["fast"]


def test_a_version_that_was_changed_in_the_head_is_refused(kept: Path) -> None:
    an_alias("fast")
    version = b"%d" % TABLE.current.version
    kept.write_bytes(kept.read_bytes().replace(version, b"9" + version, 1))

    with pytest.raises(Error):
        a_process_that_just_began().catch_up(ask_database=False)


def test_without_database_nobody_gives_up_what_is_in_memory() -> None:
    an_alias("fast")
    table = TABLE.current

    assert not TABLE.catch_up(ask_database=False)

    assert TABLE.current is table


def test_a_disk_that_cannot_be_written_costs_the_copy_and_nothing_else(settings: Settings, tmp_path: Path) -> None:
    occupied = tmp_path / "a file"
    occupied.touch()
    settings.DATA_DIR = occupied / "below"

    an_alias("fast")

    assert list(TABLE.current.routes) == ["fast"]
    assert list(another_process().current.routes) == ["fast"]
