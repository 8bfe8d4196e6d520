"""How a change of configuration reaches a process, with the database alone. With Redis: test_snapshot_in_redis.py."""

import time

import pytest
from django.db import transaction
from pytest_django import Settings

from providers.models import Endpoint
from routing.models import ConfigurationVersion, Synonym
from routing.store import TABLE
from routing.table import RoutingTable
from tests.gateways import saved
from tests.routing.processes import another_process, put_back
from tests.routing.rows import a_model, a_provider, an_alias

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_start")]


class RolledBack(Exception):
    """What makes a transaction of these tests fail."""


def a_change_that_fails() -> None:
    with transaction.atomic():
        an_alias("never")
        raise RolledBack


@pytest.fixture(autouse=True)
def without_redis(settings: Settings) -> None:
    settings.REDIS_URL = ""


def known() -> list[str]:
    """The aliases that this process knows now."""
    return list(TABLE.current.routes)


# In the process that saves


def test_a_saved_change_is_in_use_at_once() -> None:
    fast = an_alias("fast", a_model())

    assert known() == ["fast"]
    fast.name = "faster"
    saved(fast)
    assert known() == ["faster"]
    fast.delete()
    assert known() == []


def test_a_change_to_any_row_of_configuration_is_noticed() -> None:
    model = a_model("openai/gpt-4o")
    fast = an_alias("fast", model)
    target, provider = fast.targets.get(), model.provider
    seen = [TABLE.current]

    for row in (model, fast, target, provider, provider.endpoints.get(), Synonym(alias=fast, name="quick")):
        saved(row)
        assert TABLE.current.version > seen[-1].version
        seen.append(TABLE.current)
    for row in (fast.synonyms.get(), target, fast, model, provider.endpoints.get(), provider):
        row.delete()
        assert TABLE.current.version > seen[-1].version
        seen.append(TABLE.current)

    assert TABLE.current == RoutingTable(version=TABLE.current.version)


def test_inside_its_transaction_a_change_is_not_in_use_yet() -> None:
    with transaction.atomic():
        an_alias("fast")

        assert known() == []

    assert known() == ["fast"]


def test_a_rolled_back_change_never_is() -> None:
    an_alias("before")
    table, version = TABLE.current, ConfigurationVersion.objects.get(subject="routing_table").number

    with pytest.raises(RolledBack):
        a_change_that_fails()

    assert TABLE.current is table
    assert ConfigurationVersion.objects.get(subject="routing_table").number == version
    assert not another_process().current.routes.keys() - {"before"}


def test_of_a_transaction_only_what_was_not_rolled_back_to_a_savepoint_is() -> None:
    with transaction.atomic():
        an_alias("first")
        with pytest.raises(RolledBack):
            a_change_that_fails()
        an_alias("last")

    assert known() == ["first", "last"]


def test_a_savepoint_is_gone_with_the_transaction_around_it() -> None:
    def all_of_it() -> None:
        with transaction.atomic():
            with transaction.atomic():
                an_alias("never")
            raise RolledBack

    with pytest.raises(RolledBack):
        all_of_it()

    assert known() == []


def test_many_rows_in_one_transaction_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    versions: list[int] = []

    def compile_and_count(version: int) -> RoutingTable:
        versions.append(version)
        return RoutingTable(version=version)

    monkeypatch.setattr(TABLE, "_compile", compile_and_count)
    with transaction.atomic():
        for number in range(30):
            an_alias(f"alias-{number}")

    assert len(versions) == 1
    assert TABLE.current.version == versions[0]


# In every other process


def test_another_process_takes_over_the_change_when_it_looks() -> None:
    an_alias("fast")
    other = another_process()
    an_alias("smart")

    assert list(other.current.routes) == ["fast"]
    assert other.catch_up()
    assert other.current == TABLE.current
    assert list(other.current.routes) == ["fast", "smart"]


def test_without_a_change_there_is_nothing_to_take_over() -> None:
    an_alias("fast")
    other = another_process()
    table = other.current

    assert not other.catch_up()
    assert other.current is table


def test_how_long_ago_the_table_was_confirmed_is_known() -> None:
    other = another_process()
    time.sleep(0.05)
    read_at, before = time.monotonic(), other.age_seconds

    other.catch_up()

    after, read_again_at = other.age_seconds, time.monotonic()
    assert 0.05 <= before < 5
    assert read_again_at - after > read_at - before, "it was confirmed at a later moment"


def test_a_process_that_starts_before_the_first_change_has_an_empty_table() -> None:
    assert another_process().current.is_empty


def test_a_database_that_was_put_back_is_followed_to_its_lower_version() -> None:
    an_alias("before")
    backup = ConfigurationVersion.objects.get(subject="routing_table").number
    lost = an_alias("lost")
    other = another_process()
    put_back(backup, without=lost)

    assert other.catch_up()
    assert TABLE.catch_up()
    assert list(other.current.routes) == known() == ["before"]
    assert other.current.version == TABLE.current.version == backup


def test_after_a_database_was_put_back_changes_spread_as_before() -> None:
    an_alias("before")
    put_back(0, without=an_alias("lost"))
    other = another_process()
    TABLE.catch_up()

    an_alias("after")

    assert other.catch_up()
    assert list(other.current.routes) == known() == ["after", "before"]


def test_saving_an_address_moves_the_model() -> None:
    a_model("openai/gpt-4o")
    address = Endpoint.objects.get(provider=a_provider("openai"))
    address.base_url = "https://elsewhere.example.com/v1"
    saved(address)

    assert TABLE.current.upstreams[0].urls == {"chat": "https://elsewhere.example.com/v1/chat/completions"}
