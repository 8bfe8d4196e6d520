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
from history.models import TargetStat
from history.periods import PERIODS
from history.records import Outcome
from history.scope import DIRECT, UNRESOLVED, Scope
from tests.history.exchanges import NOON, a_refused_exchange, an_attempt, an_exchange

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_requestlog"))
    client.force_login(user)
    return client


def shown(period: str = "24h", **parts: Any) -> dict[str, Any]:  # Any: fields of Scope, and a template's context
    return dashboard.dashboard(Scope(period=PERIODS[period], **parts), NOON)


def value_of(title: str, page: dict[str, Any]) -> str:  # Any: see shown
    (card,) = (card for card in page["cards"] if card.title == title)
    value: str = card.value
    return value


def test_a_newcomer_is_told_what_to_do(reader: Client) -> None:
    page = reader.get(reverse("admin:index")).content.decode()

    assert "No requests yet" in page
    assert "curl http://testserver/v1/chat/completions" in page


def test_requests_show_up_as_numbers_charts_and_tables(reader: Client) -> None:
    store.write([an_exchange(at=timezone.now()) for _ in range(3)])

    response = reader.get(reverse("admin:index"))

    page = response.content.decode()
    assert "No requests yet" not in page
    assert value_of("Requests", response.context["dashboard"]) == "3"
    assert "openai/gpt-4o" in page
    assert 'data-chart="latency"' in page


@pytest.mark.parametrize(("period", "is_told"), [("bogus", True), ("7d", False), ("", False)])
def test_a_period_that_there_is_none_of_is_told(reader: Client, period: str, is_told: bool) -> None:
    store.write([an_exchange(at=timezone.now())])

    page = reader.get(reverse("admin:index"), {"period": period}).content.decode()

    assert (f"There is no period “{period}”: the last 24 hours are shown." in page) is is_told


@pytest.mark.parametrize("period", PERIODS)
def test_each_period_has_its_page(reader: Client, period: str) -> None:
    store.write([an_exchange(at=timezone.now())])

    response = reader.get(reverse("admin:index"), {"period": period})

    assert response.context["dashboard"]["period"].name == period


def test_an_odd_period_is_the_usual_one(reader: Client) -> None:
    response = reader.get(reverse("admin:index"), {"period": "<script>"})

    assert response.context["dashboard"]["period"].name == "24h"


@pytest.mark.parametrize(("period", "inside"), [("1h", 1), ("24h", 2), ("7d", 3), ("30d", 4)])
def test_a_period_counts_what_is_in_it(period: str, inside: int) -> None:
    ages = (timedelta(minutes=30), timedelta(hours=20), timedelta(days=6), timedelta(days=28), timedelta(days=40))
    store.write([an_exchange(at=NOON - age) for age in ages])

    assert value_of("Requests", shown(period)) == str(inside)


def test_the_period_before_is_compared_up_to_the_same_hour() -> None:
    yesterday = NOON - timedelta(days=1)
    store.write(
        [
            an_exchange(),
            an_exchange(),
            an_exchange(at=yesterday - timedelta(hours=1)),
            an_exchange(at=yesterday + timedelta(minutes=90)),
        ]
    )

    (requests, *_) = shown()["cards"]

    assert (requests.value, requests.change) == ("3", "+200 %")


@pytest.mark.parametrize("period", PERIODS)
def test_statistics_of_a_clock_that_runs_ahead_are_no_error(reader: Client, period: str) -> None:
    resolution = PERIODS[period].resolution
    ahead = timezone.now() + timedelta(hours=2)
    TargetStat.objects.create(resolution=resolution, bucket_start=ahead, alias="fast", requests=1)

    response = reader.get(reverse("admin:index"), {"period": period})

    assert response.status_code == 200
    assert value_of("Requests", response.context["dashboard"]) == "0"


@pytest.mark.parametrize("period", ["7d", "30d"])
def test_the_hour_that_is_not_over_counts_in_a_longer_step(period: str) -> None:
    in_the_afternoon = NOON + timedelta(hours=4)
    store.write([an_exchange(at=in_the_afternoon)])

    page = dashboard.dashboard(Scope(period=PERIODS[period]), in_the_afternoon)

    assert value_of("Requests", page) == "1"


@pytest.mark.parametrize("period", PERIODS)
def test_every_request_stands_in_the_step_of_its_time(period: str) -> None:
    length, step = PERIODS[period].length, PERIODS[period].step
    ages = [timedelta(0), step, 3 * step, length - step]
    store.write([an_exchange(at=NOON - age) for age in ages])

    (requests, *_) = shown(period)["charts"]

    answered = requests.series["answered"]
    last = len(answered) - 1
    assert [index for index, number in enumerate(answered) if number] == [0, last - 3, last - 1, last]


def test_errors_and_refusals_are_told_apart() -> None:
    failed = an_exchange(outcome=Outcome.FAILED, status=502)
    store.write([an_exchange(), failed, a_refused_exchange()])

    page = shown()

    (chart, *_) = page["charts"]
    assert {name: sum(series) for name, series in chart.series.items()} == {
        "answered": 1, "errors": 1, "refused": 1, "cancelled": 0,
    }  # fmt: skip
    assert value_of("Error rate", page) == "50.0 %"


def test_only_statistics_are_read() -> None:
    store.write([an_exchange()])

    with CaptureQueriesContext(connection) as captured:
        shown()

    assert len(captured) == 4
    assert not any("requestlog" in query["sql"] for query in captured)


def test_without_permission_the_index_shows_the_applications(client: Client) -> None:
    client.force_login(User.objects.create_user("stranger", is_staff=True))
    store.write([an_exchange(at=timezone.now())])

    response = client.get(reverse("admin:index"))

    assert response.status_code == 200
    assert "dashboard" not in response.context
    assert "openai/gpt-4o" not in response.content.decode()


def write_two_aliases() -> None:
    """`fast` on two targets, `smart` on one of them, one for provider/model, one refused."""
    elsewhere: dict[str, Any] = {
        "provider": "groq",
        "model": "llama",
        "attempts": (an_attempt(provider="groq", model="llama"),),
    }
    rows = [
        an_exchange(),
        an_exchange(),
        an_exchange(**elsewhere),
        an_exchange(alias="smart", **elsewhere),
        an_exchange(alias=""),
    ]
    store.write([*rows, a_refused_exchange()])


@pytest.mark.parametrize(
    ("parts", "requests"),
    [
        ({}, 6),
        ({"alias": "fast"}, 3),
        ({"alias": "fast", "target": "openai/gpt-4o"}, 2),
        ({"target": "groq/llama"}, 2),
        ({"alias": DIRECT}, 1),
        ({"alias": UNRESOLVED}, 1),
        ({"alias": "nobody"}, 0),
    ],
)
def test_an_alias_and_a_target_narrow_every_card_and_chart(parts: dict[str, str], requests: int) -> None:
    write_two_aliases()

    page = shown(**parts)

    assert value_of("Requests", page) == str(requests)
    chart, *_ = page["charts"]
    assert sum(sum(series) for series in chart.series.values()) == requests
    for chart in page["wide_charts"]:
        assert sum(sum(series) for series in chart.series.values()) == requests


def test_aliases_are_compared_over_time() -> None:
    write_two_aliases()

    (chart,) = shown()["wide_charts"]

    assert chart.title == "By alias"
    assert {label: sum(series) for label, series in chart.series.items()} == {
        "fast": 3, "smart": 1, "direct, no alias": 1, "refused, no alias": 1,
    }  # fmt: skip


def test_the_targets_of_an_alias_are_compared_over_time() -> None:
    write_two_aliases()

    (chart,) = shown(alias="fast")["wide_charts"]

    assert chart.title == "By target"
    assert {label: sum(series) for label, series in chart.series.items()} == {"openai/gpt-4o": 2, "groq/llama": 1}


def test_a_target_that_always_hands_over_shows_its_tries() -> None:
    failed = an_attempt(1, provider="groq", model="llama", outcome=Outcome.FAILED, status=None)
    store.write([an_exchange(attempts=(failed, an_attempt(2)))])

    (tries,) = shown(alias="fast", target="groq/llama")["wide_charts"]

    assert {label: sum(series) for label, series in tries.series.items()} == {"went well": 0, "failed": 1}


def test_a_row_of_the_tables_leads_to_its_charts_and_back(reader: Client) -> None:
    store.write([an_exchange(at=timezone.now())])
    index = reverse("admin:index")
    aliases, _ = reader.get(index).context["dashboard"]["tables"]

    narrowed = reader.get(index + aliases.rows[0].address)

    page = narrowed.content.decode()
    assert narrowed.context["dashboard"]["scope"].alias == "fast"
    assert "Targets of fast" in page
    assert 'href="?period=24h">Show everything</a>' in page


@pytest.mark.parametrize("query", ["alias=" + "x" * 3_000, "target=a/b", "measure=x", "alias='\""])
def test_odd_names_in_the_address_are_no_error_of_ours(reader: Client, query: str) -> None:
    store.write([an_exchange(at=timezone.now())])

    assert reader.get(f"{reverse('admin:index')}?{query}").status_code == 200


def test_names_in_the_address_do_not_become_markup(reader: Client) -> None:
    store.write([an_exchange(at=timezone.now())])

    page = reader.get(reverse("admin:index"), {"alias": "<b>bold</b>", "target": "</script><i>/x"}).content.decode()

    assert "<b>bold</b>" not in page
    assert "</script><i>" not in page


def test_keys_are_added_up_when_somebody_asks(reader: Client) -> None:
    now = timezone.now()
    store.write(
        [an_exchange(at=now, key_name="billing", alias="fast"), an_exchange(at=now, key_name="ops", alias="smart")]
    )
    store.write([an_exchange(at=now - timedelta(days=3), key_name="long ago")])

    asked = reader.get(reverse("admin:index"), {"alias": "fast"})
    answered = reader.get(reverse("admin:index"), {"alias": "fast", "by": "key"})
    all_of_them = reader.get(reverse("admin:index"), {"by": "key"})

    assert asked.context["dashboard"]["keys"] is None
    assert 'href="?period=24h&amp;alias=fast&amp;by=key#keys"' in asked.content.decode()
    assert [row.name for row in answered.context["dashboard"]["keys"].rows] == ["billing"]
    assert 'href="/admin/history/requestlog/?key=billing"' in answered.content.decode()
    assert {row.name for row in all_of_them.context["dashboard"]["keys"].rows} == {"billing", "ops"}


def test_requests_are_read_for_no_page_that_was_not_asked_for_keys(reader: Client) -> None:
    store.write([an_exchange(at=timezone.now())])

    with CaptureQueriesContext(connection) as asked:
        reader.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as answered:
        reader.get(reverse("admin:index"), {"by": "key"})

    assert [query["sql"] for query in asked if "history_requestlog" in query["sql"]] == []
    assert len([query for query in answered if "history_requestlog" in query["sql"]]) == 1
