"""Many who write at once, on a real database: nobody's work is lost, and nothing is done twice."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from gateway.models import ClientKey
from routing.models import Alias, ClaimedName, Target
from tests.gateway.api.asking import Asking, an_administrator, openai

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 8


def at_once(api: Asking, number: int, method: str, path: str, body: object, **headers: str) -> list[int]:
    """The statuses of so many equal requests, sent at one moment."""
    gate = threading.Barrier(number)

    def send(_: int) -> int:
        one = Asking(api.secret, api.user)
        gate.wait(60)
        try:
            return int(one.send(method, path, body, **headers).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return sorted(pool.map(send, range(number)))


def test_of_many_who_saw_the_same_one_changes_it() -> None:
    api = an_administrator()
    openai("gpt-4o")
    api.send("POST", "aliases", {"name": "fast", "targets": [{"provider": "openai", "model": "gpt-4o"}]})
    seen = api.get("aliases/fast")["ETag"]

    statuses = at_once(api, WRITERS, "PATCH", "aliases/fast", {"selector": "in_order"}, If_Match=seen)

    assert statuses == [200] + [412] * (WRITERS - 1)


def test_of_many_who_want_one_name_one_has_it() -> None:
    api = an_administrator()
    openai("gpt-4o")
    body = {"name": "fast", "synonyms": ["quick"], "targets": [{"provider": "openai", "model": "gpt-4o"}]}

    statuses = at_once(api, WRITERS, "POST", "aliases", body)

    assert statuses == [201] + [400] * (WRITERS - 1)
    assert (Alias.objects.count(), ClaimedName.objects.count(), Target.objects.count()) == (1, 2, 1)


def test_a_request_that_comes_many_times_at_once_is_done_once() -> None:
    api = an_administrator()

    statuses = at_once(api, WRITERS, "POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert ClientKey.objects.count() == 1
