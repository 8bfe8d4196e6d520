from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from history import store
from history.admin import paging
from history.models import RequestLog
from history.records import Exchange, Outcome
from tests.history.exchanges import a_refused_exchange, an_attempt, an_exchange

pytestmark = pytest.mark.django_db
LIST = "admin:history_requestlog_changelist"


@pytest.fixture
def reader(client: Client) -> Client:
    """Logged in as somebody who may see the history and nothing else."""
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_requestlog"))
    client.force_login(user)
    return client


def kept(*exchanges: Exchange) -> list[str]:
    """Write them; return their ids, the newest first."""
    store.write(exchanges)
    return sorted((exchange.id for exchange in exchanges), reverse=True)


def listed(client: Client, **parameters: str) -> list[str]:
    """Ids in the list, in its order."""
    response = client.get(reverse(LIST), parameters)
    assert response.status_code == 200, response.headers
    return [str(log.id) for log in response.context["cl"].result_list]


def page_of(client: Client, id: str) -> str:
    response = client.get(reverse("admin:history_requestlog_change", args=[id]))
    assert response.status_code == 200
    return response.content.decode()


def test_the_newest_request_comes_first(reader: Client) -> None:
    now = timezone.now()

    ids = kept(*(an_exchange(at=now - timedelta(minutes=minutes)) for minutes in (3, 1, 2)))

    assert listed(reader) == ids


@pytest.mark.parametrize(
    ("parameter", "value", "changes"),
    [
        ("alias", "smart", {"alias": "smart"}),
        ("alias", "(none)", {"alias": ""}),
        ("provider", "groq", {"provider": "groq"}),
        ("model", "llama", {"model": "llama"}),
        ("key", "night job", {"key_name": "night job"}),
        ("status", "429", {"status": 429, "outcome": Outcome.FAILED}),
        ("status", "5xx", {"status": 502, "outcome": Outcome.FAILED}),
        ("outcome", "interrupted", {"outcome": Outcome.INTERRUPTED}),
        ("streamed", "yes", {"streamed": True}),
        ("q", "gpt-4", {"requested_model": "gpt-4"}),
        ("q", "upstream_overloaded", {"error_code": "upstream_overloaded"}),
        ("code", "upstream_overloaded", {"error_code": "upstream_overloaded"}),
    ],
)
def test_a_filter_leaves_what_it_names(
    reader: Client, parameter: str, value: str, changes: dict[str, Any]
) -> None:  # Any: any field
    wanted = an_exchange(**changes)
    kept(an_exchange(), wanted)

    assert listed(reader, **{parameter: value}) == [wanted.id]


def test_filters_narrow_each_other(reader: Client) -> None:
    wanted = an_exchange(alias="smart", key_name="night job")
    kept(wanted, an_exchange(alias="smart"), an_exchange(key_name="night job"))

    assert listed(reader, alias="smart", key="night job") == [wanted.id]


def test_a_range_of_time_includes_both_ends(reader: Client) -> None:
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    wanted = [an_exchange(at=noon), an_exchange(at=noon + timedelta(hours=1))]
    ids = kept(*wanted)
    kept(an_exchange(at=noon - timedelta(seconds=2)), an_exchange(at=noon + timedelta(hours=1, seconds=2)))

    day = f"{noon:%Y-%m-%d}"
    found = listed(
        reader, started_at_from_0=day, started_at_from_1="12:00:00", started_at_to_0=day, started_at_to_1="13:00:00"
    )

    assert found == ids


def test_the_last_hour_leaves_out_what_is_older(reader: Client) -> None:
    (young,) = kept(an_exchange(at=timezone.now() - timedelta(minutes=50)))
    kept(an_exchange(at=timezone.now() - timedelta(minutes=70)))

    assert listed(reader, recent="hour") == [young]


def test_a_request_is_found_by_its_id(reader: Client) -> None:
    wanted, _ = kept(an_exchange(), an_exchange())

    assert listed(reader, q=f" {wanted.upper()} ") == [wanted]


@pytest.mark.parametrize(
    "query",
    ["status=9xx", "outcome=odd", "recent=never", "streamed=perhaps", "p=99", "o=1",
     "started_at_from_0=yesterday", "started_at_to_0=2026-99-99&started_at_to_1=25:00:00",
     "started_at_to_0=9999-12-31", "started_at_from_0=9999-12-31&started_at_from_1=23:59:59",
     "started_at_from_0=0001-01-01", "started_at_to_0=0001-01-01"],
)  # fmt: skip
def test_odd_parameters_are_no_error_of_ours(reader: Client, query: str) -> None:
    kept(an_exchange())

    assert reader.get(f"{reverse(LIST)}?{query}").status_code in (200, 302)


def test_filters_offer_the_names_that_occur(reader: Client) -> None:
    kept(an_exchange(alias="smart"), an_exchange(alias="fast"), an_exchange(alias="smart"), an_exchange(alias=""))

    cl = reader.get(reverse(LIST)).context["cl"]

    (alias,) = (spec for spec in cl.filter_specs if spec.parameter_name == "alias")
    assert alias.lookup_choices == [("(none)", "none"), ("fast", "fast"), ("smart", "smart")]


def test_the_error_codes_that_occur_are_offered(reader: Client) -> None:
    kept(an_exchange(error_code="upstream_error"), a_refused_exchange(), a_refused_exchange(), an_exchange())

    cl = reader.get(reverse(LIST)).context["cl"]

    (code,) = (spec for spec in cl.filter_specs if spec.parameter_name == "code")
    assert [value for value, _ in code.lookup_choices] == ["model_not_found", "upstream_error"]


def test_the_list_says_how_a_request_went_wrong_and_after_how_many_tries(reader: Client) -> None:
    tries = (an_attempt(1, outcome=Outcome.FAILED), an_attempt(2, outcome=Outcome.FAILED))
    kept(an_exchange(outcome=Outcome.FAILED, status=503, error_code="upstream_overloaded", attempts=tries))

    page = reader.get(reverse(LIST)).content.decode()

    assert "<small>upstream_<wbr>overloaded</small>" in page
    assert "after 2 tries" in page


def test_nothing_is_counted_past_the_pages(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST", 3)
    kept(*(an_exchange() for _ in range(5)))

    with CaptureQueriesContext(connection) as captured:
        page = reader.get(reverse(LIST)).content.decode()

    assert "The newest 3" in page
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"] and "requestlog" in query["sql"]]
    assert len(counts) == 1
    assert "LIMIT 4" in counts[0]


def test_the_number_of_queries_does_not_grow_with_the_rows(reader: Client) -> None:
    kept(an_exchange())
    with CaptureQueriesContext(connection) as few:
        listed(reader)

    kept(*(an_exchange(alias=f"alias-{number}") for number in range(20)))
    with CaptureQueriesContext(connection) as many:
        listed(reader)

    assert len(many) == len(few)


def test_the_page_of_a_request_tells_its_story(reader: Client) -> None:
    failed = an_attempt(
        1, provider="groq", model="llama", outcome=Outcome.FAILED, status=None, condition="connection",
        error="Could not connect.", latency_ms=40.0,
    )  # fmt: skip
    (id,) = kept(
        an_exchange(requested_model="old-name", attempts=(failed, an_attempt(2)), left_out="openai/gpt-5: disabled")
    )

    page = page_of(reader, id)

    for told in ("old-name", "fast", "openai/gpt-4o", "billing service", id, "1. groq/llama", "no answer · connection",
                 "Could not connect.", "2. openai/gpt-4o", "1,000", "openai/gpt-5: disabled"):  # fmt: skip
        assert told in page, told
    assert 'name="alias"' not in page, "it is no form"


def test_a_try_that_was_given_up_is_told_and_is_no_failure(reader: Client) -> None:
    late = an_attempt(1, outcome=Outcome.CANCELLED, status=None, error="Given up: groq/llama was quicker.")
    (id,) = kept(an_exchange(attempts=(late, an_attempt(2, why="hedge after 420 ms"))))

    page = page_of(reader, id)

    for told in ("given up", "Given up: groq/llama was quicker.", "Hedge after 420 ms"):
        assert told in page, told
    assert "px-label-danger" not in page


def test_an_unknown_price_is_said(reader: Client) -> None:
    (id,) = kept(an_exchange(provider="demo", attempts=(an_attempt(url="http://127.0.0.1:9/v1/chat/completions"),)))

    assert "unknown price" in page_of(reader, id)


def test_a_stream_that_was_left_before_its_tokens_were_named_has_an_unknown_cost(reader: Client) -> None:
    (id,) = kept(an_exchange(outcome=Outcome.CANCELLED, status=499, usage=None))

    assert "The upstream named no tokens, so the cost is unknown." in page_of(reader, id)
    assert ">unknown<" in "".join(reader.get(reverse(LIST)).content.decode().split())


def test_a_refused_request_shows_its_error_and_no_attempts(reader: Client) -> None:
    (id,) = kept(a_refused_exchange(error="There is no model “<b>”.", requested_model="<script>"))

    page = page_of(reader, id)

    assert "model_not_found" in page
    assert "No upstream was asked." in page
    assert "named no tokens" not in page
    assert "&lt;b&gt;" in page
    assert "<script>" + "&" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "narrowed",
    [
        *("outcome=bogus", "outcome__exact=bogus", "status=bogus", "recent=bogus", "streamed=bogus", "key=bogus"),
        *("started_at_from_0=bogus", "started_at_to_0=2026-11-20&started_at_to_1=bogus"),
    ],
)
def test_a_filter_that_says_nothing_finds_nothing_and_says_so(reader: Client, narrowed: str) -> None:
    kept(an_exchange())

    response = reader.get(f"{reverse(LIST)}?{narrowed}")

    page = " ".join(response.content.decode().split())
    assert "None of the requests is like that" in page
    assert "Show all" in page
    assert "No requests yet" not in page


@pytest.mark.parametrize("id", ["00000000-0000-7000-8000-000000000000", "nonsense", "_00"])
def test_a_request_that_is_not_there_leads_back_to_the_list(reader: Client, id: str) -> None:
    response = reader.get(reverse("admin:history_requestlog_change", args=[id]))

    assert response.status_code == 302
    assert response.headers["Location"] == reverse(LIST)


def test_nobody_adds_changes_or_deletes_not_even_a_superuser(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    (id,) = kept(an_exchange())

    for verb, arguments in (("add", []), ("delete", [id])):
        address = reverse(f"admin:history_requestlog_{verb}", args=arguments)
        assert client.get(address).status_code == client.post(address, {"post": "yes"}).status_code == 403
    client.post(reverse("admin:history_requestlog_change", args=[id]), {"alias": "other"})
    client.post(reverse(LIST), {"action": "delete_selected", "_selected_action": id, "post": "yes"})

    assert RequestLog.objects.get(id=UUID(id)).alias == "fast"


def test_without_permission_there_is_nothing_to_see(client: Client) -> None:
    client.force_login(User.objects.create_user("stranger", is_staff=True))
    (id,) = kept(an_exchange())

    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse("admin:history_requestlog_change", args=[id])).status_code == 403
