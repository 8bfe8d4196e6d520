"""Fifty write at once, by several doors and of overlapping names: each is either done and recorded, or refused in words."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from django.urls import reverse

from gateway.audit import store
from gateway.audit.author import Author, Door
from gateway.audit.models import ConfigRevision
from gateway.audit.recording import recording
from gateway.interchange import plexus, snapshot
from gateway.interchange.store import apply
from providers.models import ProviderModel, configuration
from routing.models import Alias, ClaimedName, Synonym
from tests import services
from tests.admin_pages import an_administrator, send_form
from tests.gateways import saved
from tests.routing.rows import a_model, an_alias

pytestmark = [pytest.mark.django_db(transaction=True)]
WRITERS = 50 if services.REAL else 15
"""SQLite has one writer at a time, and no queue: the last of fifty would wait longer than it lets anybody wait."""
NAMES = 12
THREAD_SECONDS = 600.0
Outcome = str
"""“done”, “refused”, “waited too long” on a slow machine, or what went wrong."""


def by_a_command(number: int) -> Outcome:
    """An alias, and a synonym by the name that the next one wants."""
    with recording(author(number, Door.COMMAND)):
        alias = saved(Alias(name=name(number)))
        saved(Synonym(alias=alias, name=name(number + 1)))
    return "done"


def by_a_file(number: int) -> Outcome:
    target = {"provider": "openai", "model": "one"}
    text = f"models: [{{alias: {name(number)}, additionalAliases: [{name(number + 2)}], targets: [{target}]}}]"
    with recording(author(number, Door.FILE)):
        difference = apply(plexus.read(text).document, prune=False, dry_run=False, environment={})
    return "done" if difference.was_applied else "refused"


def in_the_admin(number: int, browser: Client) -> Outcome:
    """A new alias, or another description of the one that all of them find."""
    if number % 2:
        page = send_form(browser, reverse("admin:routing_alias_add"), name=name(number))
    else:
        there = reverse("admin:routing_alias_change", args=[Alias.objects.get(name="there").pk])
        page = send_form(browser, there, description=f"by {number}")
    return {302: "done", 200: "refused", 503: "waited too long"}.get(page.status_code, str(page.status_code))


def from_outside(number: int) -> Outcome:
    """Takes no turn by itself, locks rows in an order of its own, and waits as long as `psql` does."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL lock_timeout = 0")
            cursor.execute("SET LOCAL statement_timeout = 0")
        ProviderModel.objects.update(context_length=1000 + number)
        Alias.objects.filter(name=name(number)).update(description=f"by {number}")
    return "done"


def name(number: int) -> str:
    return f"name-{number % NAMES}"


def author(number: int, door: Door) -> Author:
    return Author(user_id=None, name=f"writer {number}", door=door, address="")


def door_of(number: int) -> str:
    """Of the writer of this number."""
    return ("admin", "command", "command", "file", "outside")[number % 5]


def at_once(deeds: list[Callable[[], Outcome]]) -> list[Outcome]:
    outcomes = [""] * len(deeds)
    start = threading.Barrier(len(deeds))

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            start.wait(THREAD_SECONDS)
            outcomes[place] = deeds[place]()
        except ValidationError:
            outcomes[place] = "refused"
        except OperationalError as exc:
            is_slow = "lock timeout" in str(exc) or "database is locked" in str(exc)
            outcomes[place] = "waited too long" if is_slow else repr(exc)
        except Exception as exc:  # noqa: BLE001  whatever it is, the test judges it
            outcomes[place] = repr(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(THREAD_SECONDS)
    return outcomes


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody waits for a turn until it comes: how long fifty turns take is the machine's business."""
    monkeypatch.setattr(configuration, "LONGEST_QUEUE_SECONDS", int(THREAD_SECONDS))
    if not services.REAL:
        monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", THREAD_SECONDS)


def test_fifty_writers_of_overlapping_names_make_no_name_twice_and_meet_no_deadlock(patience: None) -> None:
    an_alias("there", a_model("openai/one"), a_model("openai/two"))
    browsers = [an_administrator(f"user{number}") for number in range(WRITERS // 5)]
    deeds: list[Callable[[], Outcome]] = []
    for number in range(WRITERS):
        match number % 5:
            case 0:
                browser = browsers[number // 5]
                deeds.append(partial(in_the_admin, number, browser))
            case 1 | 2:
                deeds.append(partial(by_a_command, number))
            case 3:
                deeds.append(partial(by_a_file, number))
            case _:
                deeds.append(partial(from_outside, number))

    outcomes = at_once(deeds)

    assert set(outcomes) <= {"done", "refused", "waited too long"}
    assert outcomes.count("waited too long") < WRITERS / 2
    names = [*Alias.objects.values_list("name", flat=True), *Synonym.objects.values_list("name", flat=True)]
    assert len(names) == len(set(names))
    assert sorted(ClaimedName.objects.values_list("name", flat=True)) == sorted(names)
    with recording(author(99, Door.COMMAND)):
        pass
    newest = store.newest()
    assert newest is not None
    assert store.contents_of_revision(newest).document == snapshot.current()
    numbers = list(ConfigRevision.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    recorded_doors = set(ConfigRevision.objects.exclude(number=1).values_list("door", flat=True))
    assert recorded_doors == {door_of(number) for number, outcome in enumerate(outcomes) if outcome == "done"}
