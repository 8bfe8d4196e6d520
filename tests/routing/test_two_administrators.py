"""Two administrators at once: real threads, each with a connection of its own."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models import Model

from gateway.models import ClientKey
from providers.models import hold_configuration
from routing.models import Alias, ClaimedName, Synonym, Target
from routing.store import TABLE
from tests.gateways import saved
from tests.routing.rows import an_alias, target_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_start")]
RACES = 50
THREAD_SECONDS = 120.0


def at_once(*deeds: Callable[[], object]) -> list[Exception | None]:
    """Do these at the same time; return what became of each."""
    outcomes: list[Exception | None] = [None] * len(deeds)
    start = threading.Barrier(len(deeds))

    def run(place: int, deed: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            start.wait(THREAD_SECONDS)
            deed()
        except Exception as exc:  # noqa: BLE001  whatever it is, the test judges it
            outcomes[place] = exc
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(THREAD_SECONDS)
    assert not any(thread.is_alive() for thread in threads), "Somebody waits for ever."
    return outcomes


def in_turn(row: Model) -> Callable[[], None]:
    """Judge and save as the pages of the admin do: both while nobody else writes."""

    def judge_and_save() -> None:
        with transaction.atomic():
            hold_configuration()
            saved(row)

    return judge_and_save


def losers(outcomes: list[Exception | None]) -> list[Exception]:
    return [outcome for outcome in outcomes if outcome is not None]


@pytest.fixture
def owner() -> Iterator[Alias]:
    """An alias that gets the synonyms."""
    yield an_alias("owner")
    close_old_connections()


def test_of_an_alias_and_a_synonym_of_one_name_one_is_saved_and_one_refused(owner: Alias) -> None:
    for race in range(RACES):
        name = f"x{race}"

        outcomes = at_once(in_turn(Alias(name=name)), in_turn(Synonym(alias=owner, name=name)))

        (loser,) = losers(outcomes)
        assert isinstance(loser, ValidationError)
        assert loser.error_dict["name"][0].code == "taken"
        assert ClaimedName.objects.filter(name=name).count() == 1
        assert Alias.objects.filter(name=name).count() + Synonym.objects.filter(name=name).count() == 1


def test_those_who_ask_nobody_are_stopped_by_the_database(owner: Alias) -> None:
    for race in range(RACES):
        name = f"x{race}"

        outcomes = at_once(Alias(name=name).save, Synonym(alias=owner, name=name).save)

        (loser,) = losers(outcomes)
        assert isinstance(loser, IntegrityError)
        assert Alias.objects.filter(name=name).count() + Synonym.objects.filter(name=name).count() == 1


def test_two_who_close_a_circle_from_both_ends_never_both_do() -> None:
    for race in range(RACES):
        one, other = an_alias(f"one{race}"), an_alias(f"other{race}")

        # Judged before it is their turn: only saving finds the circle.
        outcomes = at_once(target_of(one, other).save, target_of(other, one).save)

        (loser,) = losers(outcomes)
        assert isinstance(loser, ValidationError)
        assert loser.error_dict["to_alias"][0].code == "circle"
        assert Target.objects.filter(alias__in=[one, other]).count() == 1


def test_after_a_race_the_table_holds_what_the_database_holds(owner: Alias) -> None:
    at_once(*(in_turn(Alias(name=f"x{number}")) for number in range(4)))

    assert sorted(TABLE.current.routes) == ["owner", "x0", "x1", "x2", "x3"]


def test_whoever_changes_keys_and_aliases_in_opposite_order_is_not_stuck(owner: Alias) -> None:
    key = ClientKey(name="a key", access=ClientKey.Access.LISTED)
    key.make()
    saved(key)

    def keys_first() -> None:
        with transaction.atomic():
            key.allowed_aliases.add(owner)
            time.sleep(0.01)
            Alias.objects.get(pk=owner.pk).save()
            key.allowed_aliases.clear()

    def aliases_first() -> None:
        with transaction.atomic():
            Alias.objects.get(pk=owner.pk).save()
            time.sleep(0.01)
            ClientKey.objects.get(pk=key.pk).save()

    for _ in range(10):
        assert losers(at_once(keys_first, aliases_first)) == []
