"""Whoever guesses passwords is stopped, and nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from gateway.access import forms
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
