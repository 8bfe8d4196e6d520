from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from history import dashboard, store
from history.periods import PERIODS
from history.records import Outcome
from history.rows import row_of
from tests.history.exchanges import NOON, a_refused_exchange, a_row, an_exchange

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_requestlog"))
    client.force_login(user)
    return client


def shown(period: str = "24h") -> dict[str, Any]:  # Any: a template's context
    return dashboard.dashboard(PERIODS[period], NOON)


def value_of(title: str, page: dict[str, Any]) -> str:  # Any: see shown
    (card,) = (card for card in page["cards"] if card.title == title)
    value: str = card.value
    return value


def test_a_newcomer_is_told_what_to_do(reader: Client) -> None:
    page = reader.get(reverse("admin:index")).content.decode()

    assert "No requests yet" in page
    assert "curl http://testserver/v1/chat/completions" in page


def test_requests_show_up_as_numbers_charts_and_tables(reader: Client) -> None:
    store.write([a_row(at=timezone.now()) for _ in range(3)])

    response = reader.get(reverse("admin:index"))

    page = response.content.decode()
    assert "No requests yet" not in page
    assert value_of("Requests", response.context["dashboard"]) == "3"
    assert "openai/gpt-4o" in page
    assert 'data-chart="latency"' in page


@pytest.mark.parametrize("period", PERIODS)
def test_each_period_has_its_page(reader: Client, period: str) -> None:
    store.write([a_row(at=timezone.now())])

    response = reader.get(reverse("admin:index"), {"period": period})

    assert response.context["dashboard"]["period"].name == period


def test_an_odd_period_is_the_usual_one(reader: Client) -> None:
    response = reader.get(reverse("admin:index"), {"period": "<script>"})

    assert response.context["dashboard"]["period"].name == "24h"


@pytest.mark.parametrize(("period", "inside"), [("1h", 1), ("24h", 2), ("7d", 3), ("30d", 4)])
def test_a_period_counts_what_is_in_it(period: str, inside: int) -> None:
    ages = (timedelta(minutes=30), timedelta(hours=20), timedelta(days=6), timedelta(days=28), timedelta(days=40))
    store.write([a_row(at=NOON - age) for age in ages])

    assert value_of("Requests", shown(period)) == str(inside)


def test_the_period_before_is_compared_up_to_the_same_hour() -> None:
    yesterday = NOON - timedelta(days=1)
    store.write(
        [a_row(), a_row(), a_row(at=yesterday - timedelta(hours=1)), a_row(at=yesterday + timedelta(minutes=90))]
    )

    (requests, *_) = shown()["cards"]

    assert (requests.value, requests.change) == ("3", "+200 %")


def test_errors_and_refusals_are_told_apart() -> None:
    failed = an_exchange(outcome=Outcome.FAILED, status=502)
    store.write([a_row(), row_of(failed), row_of(a_refused_exchange())])

    page = shown()

    (chart, *_) = page["charts"]
    assert {name: sum(series) for name, series in chart.series.items()} == {
        "answered": 1, "errors": 1, "refused": 1, "cancelled": 0,
    }  # fmt: skip
    assert value_of("Error rate", page) == "50.0 %"


def test_only_statistics_are_read() -> None:
    store.write([a_row()])

    with CaptureQueriesContext(connection) as captured:
        shown()

    assert len(captured) == 3
    assert not any("requestlog" in query["sql"] for query in captured)


def test_without_permission_the_index_shows_the_applications(client: Client) -> None:
    client.force_login(User.objects.create_user("stranger", is_staff=True))
    store.write([a_row(at=timezone.now())])

    response = client.get(reverse("admin:index"))

    assert response.status_code == 200
    assert "dashboard" not in response.context
    assert "openai/gpt-4o" not in response.content.decode()
