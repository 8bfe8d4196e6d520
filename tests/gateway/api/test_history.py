"""Requests over the API: read, filtered, exported row by row; statistics; health; what would happen to a name."""

import csv
import io
import json
import re
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import pytest
from django.utils import timezone

from gateway.api import export
from gateway.models import ClientKey
from history.models import RequestLog, TargetStat
from history.records import Outcome
from history.store import write
from routing.models import CustomRoute, ProviderAlias
from tests.gateway.api.asking import Asking, a_token, a_user, an_administrator, an_alias, openai, somebody
from tests.gateways import RunningGateway, saved
from tests.history.exchanges import a_refused_exchange, an_exchange

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Asking:
    return an_administrator()


def names_in(api: Asking, query: str) -> list[str]:
    reply = api.get(f"requests?{query}")
    assert reply.status_code == 200, reply.json()
    return [row["requested_model"] for row in reply.json()["results"]]


def test_requests_are_listed_newest_first(api: Asking) -> None:
    write([an_exchange(requested_model="first"), an_exchange(requested_model="second")])

    assert names_in(api, "") == ["second", "first"]


@pytest.mark.parametrize(
    "query",
    ["alias=smart", "requested_model=second", "outcome=refused", "status=404", "error_code=model_not_found", "key=ops"],
)
def test_a_filter_shows_what_it_says_alone(api: Asking, query: str) -> None:
    refused = a_refused_exchange(requested_model="second", alias="smart", key_name="ops")
    write([an_exchange(requested_model="first"), refused])

    assert names_in(api, query) == ["second"]


def test_a_stretch_of_time_is_shown_alone(api: Asking) -> None:
    now = timezone.now()
    for hours, name in ((3, "early"), (2, "then"), (1, "late")):
        write([an_exchange(now - timedelta(hours=hours), requested_model=name)])
    since, until = (now - timedelta(minutes=minutes) for minutes in (150, 90))

    assert names_in(api, f"since={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}") == ["then"]


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=2026-02-30T00:00:00Z",
        "since=0001-01-01T00:00:00%2B10:00",
        "status=x",
        "outcome=nice",
        "streamed=perhaps",
        "limit=0",
        "limit=x",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_its_name(api: Asking, query: str) -> None:
    reply = api.get(f"requests?{query}")

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == "?" + query.partition("=")[0]


def test_a_time_may_have_any_offset(api: Asking) -> None:
    assert api.get("events?since=2026-01-01T00:00:00%2B23:04").status_code == 200


def test_a_request_is_read_with_its_tries(api: Asking) -> None:
    exchange = an_exchange()
    write([exchange])

    reply = api.get(f"requests/{exchange.id}")

    assert reply.json()["attempts"][0]["provider"] == "openai"


def test_the_list_is_paged_through_whole(api: Asking) -> None:
    write([*(an_exchange(requested_model=str(number)) for number in range(7))])
    seen, address = [], "/api/v1/requests?limit=3"
    while address:
        page = api.client.get(address, headers={"Authorization": f"Bearer {api.secret}"}).json()
        seen += [row["requested_model"] for row in page["results"]]
        address = page["next"]

    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_an_export_holds_every_row_once(api: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 3)
    write([*(an_exchange(requested_model=str(number)) for number in range(7))])

    lines = b"".join(api.get("requests.jsonl").streaming_content).splitlines()
    rows = list(csv.DictReader(io.StringIO(b"".join(api.get("requests.csv").streaming_content).decode())))

    assert [json.loads(line)["requested_model"] for line in lines] == ["6", "5", "4", "3", "2", "1", "0"]
    assert [row["requested_model"] for row in rows] == ["6", "5", "4", "3", "2", "1", "0"]


def test_an_export_writes_every_value_as_the_list_does(api: Asking) -> None:
    write([an_exchange(requested_model="small")])
    RequestLog.objects.update(cost_usd=Decimal("0.00000002"), latency_ms=12.345678901234567, first_byte_ms=None)

    (listed,) = api.get("requests").json()["results"]
    (line,) = b"".join(api.get("requests.jsonl").streaming_content).splitlines()
    (row,) = csv.DictReader(io.StringIO(b"".join(api.get("requests.csv").streaming_content).decode()))

    assert (listed["cost_usd"], listed["latency_ms"]) == ("0.000000020000", 12.346)
    assert json.loads(line) == listed
    told_in_csv = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in listed.items()}
    assert row == {name: "" if value is None else str(value) for name, value in told_in_csv.items()}


def test_an_export_is_filtered_as_the_list_is(api: Asking) -> None:
    write([an_exchange(alias="fast"), an_exchange(alias="smart")])

    (line,) = b"".join(api.get("requests.jsonl?alias=smart").streaming_content).splitlines()

    assert json.loads(line)["alias"] == "smart"


def test_no_cell_of_an_export_is_a_formula(api: Asking) -> None:
    write([an_exchange(requested_model='=HYPERLINK("http://evil")')])

    text = b"".join(api.get("requests.csv").streaming_content).decode()

    (row,) = csv.DictReader(io.StringIO(text))
    assert row["requested_model"] == '\'=HYPERLINK("http://evil")'


def test_an_owner_sees_requests_of_own_keys_only() -> None:
    owner = somebody("olga", "gateway.view_own_clientkey")
    key = ClientKey(name="mine", owner=owner.user)
    key.make()
    key.save()
    write([an_exchange(key_id=key.pk, key_name="mine"), an_exchange(key_id=key.pk + 1, key_name="other")])
    other = RequestLog.objects.get(key_name="other")

    assert [row["key_name"] for row in owner.get("requests").json()["results"]] == ["mine"]
    assert len(b"".join(owner.get("requests.jsonl").streaming_content).splitlines()) == 1
    assert owner.get(f"requests/{other.pk}").status_code == 404
    assert owner.get("statistics").status_code == 403


def test_statistics_are_the_sums_of_the_dashboard(api: Asking) -> None:
    now = timezone.now()
    write([an_exchange(now), an_exchange(now, outcome=Outcome.FAILED, status=502), a_refused_exchange(at=now)])

    told = api.get("statistics?period=1h").json()

    assert (told["total"]["requests"], told["total"]["errors"], told["total"]["refused"]) == (3, 1, 1)
    assert sum(step["value"] for step in told["steps"]) == 3
    assert {(row["alias"], row["target"]) for row in told["targets"]} == {
        ("fast", "openai/gpt-4o"),
        ("(unresolved)", ""),
    }


def test_money_is_a_text_wherever_it_is_told(api: Asking) -> None:
    write([an_exchange(timezone.now())])
    RequestLog.objects.update(cost_usd=Decimal("0.000135"))
    TargetStat.objects.update(cost_usd=Decimal("0.000135"))

    (listed,) = api.get("requests").json()["results"]
    (used,) = api.get("usage").json()["results"]
    told = api.get("statistics?period=1h&measure=cost").json()

    shown = [listed["cost_usd"], used["cost_usd"], told["total"]["cost_usd"], told["targets"][0]["cost_usd"]]
    assert shown == ["0.000135000000"] * 4
    assert sorted(step["value"] for step in told["steps"])[-1] == "0.000135000000"


def test_all_times_of_statistics_are_in_whole_seconds_of_utc(api: Asking) -> None:
    told = api.get("statistics?period=1h").json()

    for moment in (told["start"], told["end"], *(step["start"] for step in told["steps"])):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)


def test_statistics_are_narrowed_to_an_alias(api: Asking) -> None:
    now = timezone.now()
    write([an_exchange(now, alias="fast"), an_exchange(now, alias="smart")])

    told = api.get("statistics?period=1h&alias=smart&measure=tokens").json()

    assert told["total"]["requests"] == 1
    assert sum(step["value"] for step in told["steps"]) == 1500


def test_a_period_that_there_is_not_is_refused(api: Asking) -> None:
    assert api.get("statistics?period=2y").json()["errors"][0]["pointer"] == "?period"


def test_health_names_every_upstream(api: Asking) -> None:
    openai("gpt-4o", auth="none")
    an_alias("fast", "gpt-4o")

    told = api.get("health").json()

    assert [(one["key"], one["state"]) for one in told["upstreams"]] == [("openai/gpt-4o", "idle")]


def test_health_of_an_unknown_upstream_is_not_cleared(api: Asking) -> None:
    reply = api.send("POST", "health/clear", {"upstreams": ["nobody/x"]})

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == "#/upstreams/0"


def test_looking_at_health_is_not_clearing_it() -> None:
    reader = somebody("reader", "gateway.view_upstreamhealth")

    assert reader.get("health").status_code == 200
    assert reader.send("POST", "health/clear", {"everything": True}).status_code == 403


def test_a_name_is_explained_as_the_admin_explains_it(api: Asking) -> None:
    openai("gpt-4o", auth="none")
    an_alias("fast", "gpt-4o", synonyms=("quick",))

    told = api.get("explain?model=quick").json()

    assert [(step["upstream"], step["chance"]) for step in told["steps"]] == [("openai/gpt-4o", 1.0)]
    assert told["is_known"]


def test_an_unknown_name_is_explained_too(api: Asking) -> None:
    told = api.get("explain?model=nonsense").json()

    assert (told["is_known"], told["steps"]) == (False, [])


def test_a_name_is_explained_as_a_custom_route_knows_it(api: Asking) -> None:
    provider = openai("gpt-4o", auth="none")
    saved(ProviderAlias(provider=provider, name="mine", model="gpt-4o"))
    saved(CustomRoute(path="/openai", provider=provider))

    there = api.get("explain?model=mine&route=/openai").json()
    elsewhere = api.get("explain?model=mine").json()

    assert ([step["upstream"] for step in there["steps"]], there["route"]) == (["openai/gpt-4o"], "/openai")
    assert not elsewhere["is_known"]


def test_a_route_that_there_is_not_explains_nothing(api: Asking) -> None:
    reply = api.get("explain?model=mine&route=/nowhere")

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == "?route"


@pytest.mark.django_db(transaction=True)
def test_over_a_socket_an_export_streams(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    gateway.alias("fast", gateway.model("openai", "gpt-4o"))
    answers = [gateway.ask("fast") for _ in range(5)]
    for answer in answers:
        gateway.row(answer)
    secret = a_token(a_user("anna", is_superuser=True))

    with gateway.client.stream("GET", "/api/v1/requests.jsonl", headers={"Authorization": f"Bearer {secret}"}) as reply:
        lines = list(reply.iter_lines())

    assert reply.headers["content-type"] == "application/jsonl"
    assert [UUID(json.loads(line)["id"]) for line in lines] == [
        UUID(answer.headers["x-request-id"]) for answer in reversed(answers)
    ]


@pytest.mark.django_db(transaction=True)
def test_over_a_socket_a_change_is_used_by_the_next_request(gateway: RunningGateway) -> None:
    gateway.model("openai", "gpt-4o")
    headers = {"Authorization": f"Bearer {a_token(a_user('anna', is_superuser=True))}"}

    made = gateway.client.post(
        "/api/v1/aliases",
        json={"name": "fast", "targets": [{"provider": "openai", "model": "gpt-4o"}]},
        headers=headers,
    )
    answer: httpx.Response = gateway.ask("fast")

    assert made.status_code == 201, made.text
    assert answer.status_code == 200
