"""Whoever waits in vain for a turn at the configuration is told so at each door, and nothing of it is saved."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.urls import reverse

from gateway.api.models import IdempotentReply
from gateway.audit.author import Author, Door
from gateway.audit.models import ConfigRevision
from gateway.audit.recording import recording
from gateway.management.database import WAITED_IN_VAIN, what_is_wrong
from providers.busy import waited_in_vain
from providers.models import configuration
from routing.models import Alias
from tests import services
from tests.admin_pages import an_administrator, filled, text_of
from tests.gateway.api.asking import Asking, a_token, a_user
from tests.long_turn import LongTurn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Iterator[LongTurn]:
    """Of somebody else; nobody waits for it longer than a moment."""
    monkeypatch.setattr(configuration, "LONGEST_QUEUE_SECONDS", 0.2)
    if not services.REAL:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 200")
    turn = LongTurn()
    yield turn
    turn.end()
    connection.close()


def test_a_page_says_that_nothing_was_saved_and_the_same_request_saves_it_later(turn: LongTurn) -> None:
    browser = an_administrator()
    address = reverse("admin:routing_alias_add")
    sent = filled(browser.get(address), name="fast", why="a reason of mine")
    turn.begin()

    answer = browser.post(address, sent)

    assert answer.status_code == 503
    assert "Nothing of yours was saved." in text_of(answer)
    assert "a reason of mine" not in text_of(answer)
    assert answer["Retry-After"] == "5"
    assert not Alias.objects.exists()
    turn.end()
    assert browser.post(address, sent).status_code == 302
    assert Alias.objects.get().name == "fast"


def test_the_api_tells_a_problem_and_the_same_key_does_it_later(turn: LongTurn) -> None:
    user = a_user("root", is_superuser=True)
    api = Asking(a_token(user), user)
    api.get("aliases")  # its use is noted for a minute
    turn.begin()

    answer = api.send("POST", "aliases", {"name": "fast"}, Idempotency_Key="once")

    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Retry-After"] == "5"
    assert answer.json()["code"] == "busy"
    turn.end()
    assert not IdempotentReply.objects.exists()
    assert api.send("POST", "aliases", {"name": "fast"}, Idempotency_Key="once").status_code == 201


def test_a_command_ends_with_a_sentence(turn: LongTurn) -> None:
    turn.begin()
    nobody = Author(user_id=None, name="a command", door=Door.COMMAND, address="")

    with pytest.raises(OperationalError) as failed, recording(nobody):
        pass

    assert what_is_wrong(failed.value) == WAITED_IN_VAIN


def test_whoever_only_looks_at_revisions_waits_for_nobody(turn: LongTurn) -> None:
    browser = an_administrator()
    Alias.objects.bulk_create([Alias(name="fast")])  # a change from outside, which somebody has to record
    turn.begin()

    page = browser.get(reverse("admin:gateway_configrevision_changelist"))

    assert page.status_code == 200
    assert not ConfigRevision.objects.exists()


def test_another_failure_of_the_database_is_none_of_that() -> None:
    slow = "SET statement_timeout = '10ms'; SELECT pg_sleep(5)"
    with pytest.raises(OperationalError) as failed, connection.cursor() as cursor:
        cursor.execute(slow if services.REAL else "SELECT * FROM nowhere")
    connection.close()

    assert not waited_in_vain(failed.value)
