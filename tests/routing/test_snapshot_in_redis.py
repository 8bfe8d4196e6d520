"""Redis as the faster way to the same table: what is laid there, what is believed, and what its failures cost."""

import hashlib
import hmac
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from gateway.access.store import KEYS
from routing.models import Alias, ConfigurationVersion
from routing.snapshot import disk_copy, redis_copy
from routing.store import TABLE
from routing.table import RoutingTable, decode
from tests import throwaway_servers
from tests.routing.processes import a_process_that_cannot_compile, a_process_that_just_began, another_process, put_back
from tests.routing.rows import a_model, an_alias

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_start")]
VALUE, VERSION = "plexus:routing_table:value", "plexus:routing_table:version"
NOBODY_THERE = "redis://127.0.0.1:1/0"
FROZEN_SECONDS = 30.0
"""What a change, or a look for one, may cost at most while Redis is frozen. Each question to it is given up at 0.2 s; it thaws
only after them."""


@pytest.fixture(scope="module")
def server() -> str:
    """A Valkey of these tests' own, which they may freeze: its URL."""
    try:
        return throwaway_servers.valkey().url
    except throwaway_servers.NoServer as reason:
        # Its wheel is for Linux and macOS; the real half, which needs one as well, does not start without.
        pytest.skip(f"Needs a Valkey: {reason}")


@pytest.fixture(autouse=True)
def shared(server: str, settings: Settings) -> "Iterator[redis.Redis]":
    """What is in Redis. The gateway uses it too."""
    settings.REDIS_URL = server
    client = redis.Redis.from_url(server)
    client.flushall()
    yield client
    client.flushall()
    client.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A Redis that is well may take its time: the machine may be busy. One that is frozen has as long as ever."""
    monkeypatch.setattr(redis_copy, "_servers", {})
    if "frozen" not in request.node.name:
        monkeypatch.setattr(redis_copy, "ANSWER_SECONDS", 60.0)


@contextmanager
def frozen(shared: "redis.Redis") -> Iterator[None]:
    """Redis keeps its connections, and answers nothing."""
    pid = int(shared.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def in_less_than(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def signed(version: int, text: bytes, settings: Settings) -> bytes:
    """As the gateway itself signs what it lays into Redis."""
    head = b"routing_table %d" % version
    signature = hmac.new(settings.SECRET_KEY.encode(), head + b"\n" + text, hashlib.sha256).hexdigest().encode()
    return head + b" " + signature + b"\n" + text


# What is laid there


def test_a_saved_change_lies_in_redis_signed(shared: "redis.Redis", settings: Settings) -> None:
    an_alias("fast", a_model())

    laid = shared.get(VALUE)
    assert isinstance(laid, bytes)
    _, _, text = laid.partition(b"\n")
    assert laid == signed(TABLE.current.version, text, settings)
    assert decode(text.split(b"\n")) == TABLE.current
    assert shared.get(VERSION) == str(TABLE.current.version).encode()


def test_no_secret_lies_in_redis_in_clear(shared: "redis.Redis") -> None:
    model = a_model()
    model.provider.credential = "sk-very-secret"
    model.provider.save()

    assert not any(b"sk-very-secret" in (shared.get(key) or b"") for key in shared.keys())  # noqa: SIM118  it is no dict


def test_another_process_takes_the_table_from_redis(shared: "redis.Redis") -> None:
    an_alias("fast", a_model())
    other = a_process_that_cannot_compile()

    assert other.catch_up()
    assert other.current == TABLE.current


def test_to_take_a_later_change_the_database_is_asked_for_the_version_alone() -> None:
    an_alias("fast")
    other = a_process_that_cannot_compile()
    other.catch_up()
    an_alias("smart")

    with CaptureQueriesContext(connection) as queries:
        assert other.catch_up()

    assert len(queries) == 1
    assert list(other.current.routes) == ["fast", "smart"]
    assert other.source == "redis"


def test_what_another_process_compiles_is_waited_for(shared: "redis.Redis") -> None:
    an_alias("fast")
    other = another_process()
    Alias.objects.update(name="faster")  # sends no signal: nobody has compiled it yet
    shared.set(f"plexus:routing_table:compiling:{version_in_database()}", 1)

    assert not other.catch_up()
    assert other.waits_for_another
    TABLE.compile_now()
    assert other.catch_up()
    assert (list(other.current.routes), other.waits_for_another) == (["faster"], False)


# What is believed


def test_a_table_that_was_tampered_with_is_refused(shared: "redis.Redis") -> None:
    an_alias("fast")
    laid = shared.get(VALUE)
    assert isinstance(laid, bytes)
    shared.set(VALUE, laid.replace(b'"fast"', b'"evil"'))

    assert list(another_process().current.routes) == ["fast"]


def test_whoever_refuses_a_table_lays_the_right_one(shared: "redis.Redis") -> None:
    an_alias("fast")
    shared.set(VALUE, b"0" * 64 + b"\n{}")

    another_process()

    assert list(a_taker().routes) == ["fast"]


@pytest.mark.parametrize("junk", [b"", b"\n", b"no signature", b"\xff\xfe\x00", b"{}"])
def test_junk_in_place_of_the_table_is_refused(shared: "redis.Redis", junk: bytes) -> None:
    an_alias("fast")
    shared.set(VALUE, junk)

    assert list(another_process().current.routes) == ["fast"]


def test_the_keys_do_not_pass_for_a_table(shared: "redis.Redis") -> None:
    an_alias("fast")
    KEYS.compile_now()
    keys = shared.get("plexus:client_keys:value")
    assert isinstance(keys, bytes)
    shared.set(VALUE, keys)

    assert list(another_process().current.routes) == ["fast"]


def test_a_table_of_another_release_is_compiled_anew(shared: "redis.Redis", settings: Settings) -> None:
    an_alias("fast")
    version = version_in_database()
    text = b'{"version": %d, "routes": {"fast": {"renamed_field": 1}}}' % version
    shared.set(VALUE, signed(version, text, settings))
    disk_copy.forget("routing_table")

    assert list(another_process().current.routes) == ["fast"]


@pytest.mark.parametrize("version", [b"junk", b"", b"999999", b"-7", b"1.5"])
def test_a_version_that_makes_no_sense_stops_nobody(shared: "redis.Redis", version: bytes) -> None:
    an_alias("fast")
    other = another_process()
    shared.set(VERSION, version)

    other.catch_up()
    an_alias("smart")
    other.catch_up()

    assert list(other.current.routes) == ["fast", "smart"]


def test_values_of_another_type_stop_nobody(shared: "redis.Redis") -> None:
    an_alias("fast")
    for key in (VALUE, VERSION):
        shared.delete(key)
        shared.lpush(key, "a list")

    assert list(another_process().current.routes) == ["fast"]


# Versions that disagree


def test_a_change_that_redis_missed_is_not_taken_back(settings: Settings, server: str) -> None:
    an_alias("fast")
    settings.REDIS_URL = NOBODY_THERE
    an_alias("smart")
    settings.REDIS_URL = server

    TABLE.catch_up()

    assert list(TABLE.current.routes) == ["fast", "smart"]


def test_a_change_that_everybody_missed_is_found_in_the_database(settings: Settings, server: str) -> None:
    an_alias("fast")
    other = another_process()
    settings.REDIS_URL = NOBODY_THERE
    an_alias("smart")
    settings.REDIS_URL = server

    assert other.catch_up()
    assert list(other.current.routes) == ["fast", "smart"]


def test_a_database_that_was_put_back_is_followed_by_all(shared: "redis.Redis") -> None:
    an_alias("before")
    backup = ConfigurationVersion.objects.get(subject="routing_table").number
    lost = an_alias("lost")
    other = another_process()
    put_back(backup, without=lost)

    other.catch_up()
    TABLE.catch_up()

    assert shared.get(VERSION) == str(backup).encode()
    assert list(other.current.routes) == list(TABLE.current.routes) == ["before"]


def test_while_the_database_is_silent_a_newer_table_in_redis_is_taken() -> None:
    an_alias("fast")
    other = another_process()
    an_alias("smart")

    assert other.catch_up(ask_database=False)
    assert list(other.current.routes) == ["fast", "smart"]


def test_an_empty_table_is_believed_from_the_database_only(shared: "redis.Redis", settings: Settings) -> None:
    alias = an_alias("fast")
    table = TABLE.current
    lay_empty(shared, table.version + 1, settings)

    TABLE.catch_up(ask_database=False)
    assert TABLE.current is table

    alias.delete()
    assert TABLE.current.is_empty


def lay_empty(shared: "redis.Redis", version: int, settings: Settings) -> None:
    shared.mset({VALUE: signed(version, b'{"version": %d}' % version, settings), VERSION: version})


# Failures


def test_without_redis_everything_is_as_it_was(settings: Settings) -> None:
    settings.REDIS_URL = NOBODY_THERE

    with in_less_than(FROZEN_SECONDS):
        an_alias("fast")
        other = another_process()

    assert list(TABLE.current.routes) == list(other.current.routes) == ["fast"]


def test_a_redis_that_was_emptied_is_filled_by_whoever_looks_next(
    shared: "redis.Redis", caplog: pytest.LogCaptureFixture
) -> None:
    an_alias("fast")
    other = another_process()
    shared.flushall()

    assert not other.catch_up()

    assert list(a_taker().routes) == ["fast"]
    assert caplog.messages == []


def test_nonsense_in_place_of_the_version_is_replaced_by_whoever_looks_next(shared: "redis.Redis") -> None:
    an_alias("fast")
    shared.set(VERSION, b"junk")

    TABLE.catch_up()

    assert shared.get(VERSION) == str(TABLE.current.version).encode()


def test_a_dead_redis_is_told_of_once_and_once_when_it_is_back(
    settings: Settings, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    settings.REDIS_URL = NOBODY_THERE

    for _ in range(3):
        TABLE.catch_up()
    settings.REDIS_URL = server
    for _ in range(3):
        TABLE.catch_up()

    silent, back = caplog.messages
    assert silent.startswith("Redis does not answer")
    assert back == "Redis answers again."


def test_a_frozen_redis_delays_a_change_a_little_and_stops_nothing(shared: "redis.Redis") -> None:
    an_alias("fast")
    other = another_process()

    with frozen(shared):
        # The table and the keys are told, each once.
        with in_less_than(FROZEN_SECONDS):
            an_alias("smart")
        assert list(TABLE.current.routes) == ["fast", "smart"]
        # Its version, its value, and the attempt to lay the compiled one.
        with in_less_than(FROZEN_SECONDS):
            other.catch_up()
        assert list(other.current.routes) == ["fast", "smart"]
        with in_less_than(FROZEN_SECONDS):
            assert another_process().current == TABLE.current


def test_after_a_frozen_redis_thaws_changes_go_through_it_again(shared: "redis.Redis") -> None:
    with frozen(shared):
        an_alias("fast")
    an_alias("smart")

    assert list(a_taker().routes) == ["fast", "smart"]


def test_forgetting_takes_the_value_out_of_redis_too(shared: "redis.Redis") -> None:
    an_alias("fast")

    TABLE.forget()
    KEYS.forget()

    assert shared.keys() == []
    assert TABLE.current.version == a_process_that_just_began().current.version == -1


def version_in_database() -> int:
    return ConfigurationVersion.objects.get(subject="routing_table").number


def a_taker() -> RoutingTable:
    """What a process takes that has Redis only."""
    other = a_process_that_cannot_compile()
    other.catch_up()
    return other.current
