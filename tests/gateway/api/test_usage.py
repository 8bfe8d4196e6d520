"""What each client key used, over the API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from gateway.models import ClientKey
from history.records import Outcome
from history.store import write
from tests.gateway.api.asking import Asking, an_administrator, somebody
from tests.gateways import saved
from tests.history.exchanges import an_exchange

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Asking:
    return an_administrator()


def named(api: Asking, query: str = "") -> dict[str, int]:
    """Key -> requests."""
    reply = api.get(f"usage?{query}")
    assert reply.status_code == 200, reply.json()
    return {row["key_name"]: row["requests"] for row in reply.json()["results"]}


def test_each_key_is_told_with_what_it_used(api: Asking) -> None:
    now = timezone.now()
    write(
        [
            an_exchange(now, key_id=1, key_name="billing"),
            an_exchange(now, key_id=2, key_name="ops", outcome=Outcome.FAILED),
        ]
    )

    told = api.get("usage?group_by=key").json()

    assert told["group_by"] == "key"
    billing, ops = told["results"]
    assert (billing["key_id"], billing["key_name"], billing["requests"], billing["errors"]) == (1, "billing", 1, 0)
    assert (billing["input_tokens"], billing["output_tokens"]) == (1000, 500)
    assert Decimal(billing["cost_usd"]) > 0
    assert ops["errors"] == 1


def test_a_stretch_of_time_is_added_up_alone(api: Asking) -> None:
    now = timezone.now()
    for days, name in ((20, "early"), (10, "then"), (0, "late")):
        write([an_exchange(now - timedelta(days=days), key_name=name)])
    since, until = (f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (15, 5))

    assert named(api) == {"late": 1}
    assert named(api, f"since={since}") == {"late": 1, "then": 1}
    assert named(api, f"since={since}&until={until}") == {"then": 1}


def test_the_filters_of_the_list_of_requests_are_known(api: Asking) -> None:
    now = timezone.now()
    write([an_exchange(now, alias="fast", key_name="a"), an_exchange(now, alias="smart", key_name="b")])

    assert named(api, "alias=smart") == {"b": 1}
    assert api.get("usage?outcome=nice").json()["errors"][0]["pointer"] == "?outcome"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:01Z", "?since"),
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "?since"),
        ("until=0001-01-01T00:00:00Z", "?since"),
        ("group_by=alias", "?group_by"),
    ],
)
def test_what_cannot_be_added_up_is_refused_by_name(api: Asking, query: str, pointer: str) -> None:
    reply = api.get(f"usage?{query}")

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == pointer


def test_a_month_is_added_up_at_once(api: Asking) -> None:
    assert api.get("usage?since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z").status_code == 200


def test_an_owner_gets_own_keys_only() -> None:
    owner = somebody("olga", "gateway.view_own_clientkey")
    key = ClientKey(name="mine", owner=owner.user)
    key.make()
    saved(key)
    now = timezone.now()
    write([an_exchange(now, key_id=key.pk, key_name="mine"), an_exchange(now, key_id=0, key_name="other")])

    assert named(owner) == {"mine": 1}
