"""Whoever guesses passwords is stopped, and nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from gateway.access import forms
from gateway.audit import signals
from gateway.audit.events import Event
from gateway.audit.models import AuditEvent
from gateway.audit.signals import SOMEBODY
from tests.admin_pages import text_of

pytestmark = pytest.mark.django_db

RIGHT = "correct horse battery staple"


@pytest.fixture(autouse=True)
def ada() -> User:
    return User.objects.create_superuser("ada", password=RIGHT)


def tries(name: str, password: str, *, address: str = "192.0.2.1", times: int = 1) -> Any:  # Any: a response
    client = Client(REMOTE_ADDR=address)
    for _ in range(times):
        answer = client.post("/admin/login/", {"username": name, "password": password})
    return answer


def is_in(answer: Any) -> bool:  # Any: a response
    return bool(answer.status_code == 302)


def test_the_right_password_opens_after_four_wrong_ones() -> None:
    tries("ada", "wrong", times=4)

    assert is_in(tries("ada", RIGHT))


def test_the_right_password_does_not_open_after_five() -> None:
    tries("ada", "wrong", times=5)

    assert not is_in(tries("ada", RIGHT))


def test_a_login_ends_the_count() -> None:
    tries("ada", "wrong", times=4)
    tries("ada", RIGHT)
    tries("ada", "wrong", times=4)

    assert is_in(tries("ada", RIGHT))


def test_nobody_is_locked_out_by_somebody_elsewhere() -> None:
    tries("ada", "wrong", times=9, address="198.51.100.7")

    assert is_in(tries("ada", RIGHT))


def test_another_name_from_the_same_place_is_let_in() -> None:
    tries("nobody-at-all", "wrong", times=9)

    assert is_in(tries("ada", RIGHT))


def test_after_a_while_it_opens_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries("ada", "wrong", times=5)
    monkeypatch.setattr(forms, "WITHIN", timedelta())

    assert is_in(tries("ada", RIGHT))


def test_the_answer_does_not_tell_which_names_there_are() -> None:
    def said(name: str, times: int) -> str:
        page = text_of(tries(name, "wrong", times=times))
        return page.partition("do not open the admin")[2].partition("</")[0]

    assert said("ada", 1) == said("nobody-at-all", 1) == said("ada", 6) == said("nobody-at-all", 6) != ""


def test_a_try_at_a_locked_name_is_recorded_as_such() -> None:
    tries("ada", "wrong", times=5)

    tries("ada", RIGHT, times=2)

    assert recorded(Event.LOGIN_FAILED) == ["ada"] * 5
    assert recorded(Event.LOGIN_LOCKED_OUT) == ["ada"] * 2


def test_a_locked_name_that_nobody_has_is_not_kept() -> None:
    tries("sk-secret-typed-here", "wrong", times=6)

    assert recorded(Event.LOGIN_LOCKED_OUT) == [SOMEBODY]


def test_tries_at_a_locked_name_are_recorded_up_to_a_limit_and_leave_room_for_failures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signals, "MOST_FAILED_LOGINS", 6)
    tries("ada", "wrong", times=5)

    tries("ada", "wrong", times=8)
    tries("somebody", "wrong")

    assert len(recorded(Event.LOGIN_LOCKED_OUT)) == 6
    assert recorded(Event.LOGIN_FAILED) == ["ada"] * 5 + [SOMEBODY]


def recorded(kind: Event) -> list[str]:
    """Whose they were, the oldest first."""
    return list(AuditEvent.objects.filter(kind=kind).order_by("id").values_list("subject", flat=True))
