"""Dates and times on pages: one form everywhere, and its zone said."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.formats import localize

from gateway.api.models import ApiToken
from gateway.audit.models import ConfigRevision
from gateway.models import ClientKey
from history import store
from history.models import QuarantinedRecord, RequestLog
from providers.admin.moments import shown_day, shown_moment, told_moment
from tests.admin_pages import an_administrator, text_of
from tests.gateway.interchange.importing import BASE, import_text
from tests.gateways import saved
from tests.history.exchanges import an_exchange

AFTERNOON = datetime(2026, 11, 20, 14, 15, 32, 7_654, tzinfo=UTC)
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
OTHER_FORMS = re.compile(rf"\b[ap]\.m\.|\b(?:{MONTHS})[a-z]*\.?[\s\xa0]+\d|\d[\s\xa0]+(?:{MONTHS})\b|\d\d?/\d\d?/\d\d")
ISO = re.compile(r"\b20\d\d-\d\d-\d\d\b")


@pytest.fixture
def admin(db: None) -> Client:
    """A browser of an administrator, where there is one of everything that has a time."""
    client = an_administrator()
    import_text(BASE)
    key = ClientKey(name="billing", expires_at=AFTERNOON + timedelta(days=3650))
    key.make()
    saved(key)
    token = ApiToken(user=User.objects.get(), name="terraform", scope="user", last_used_at=AFTERNOON)
    token.make()
    saved(token)
    store.write([an_exchange(AFTERNOON)])
    QuarantinedRecord.objects.create(request_id="1", error="DataError", row="{}")
    client.get("/admin/gateway/configrevision/")  # which records what was changed outside
    return client


def test_a_time_that_stands_by_itself_says_its_zone() -> None:
    assert localize(AFTERNOON) == told_moment(AFTERNOON) == "2026-11-20 14:15:32 UTC"


def test_a_time_in_a_cell_says_its_zone_to_whoever_points_at_it() -> None:
    assert shown_moment(AFTERNOON) == (
        '<time datetime="2026-11-20T14:15:32.007654+00:00" title="2026-11-20 14:15:32 UTC">2026-11-20 14:15:32</time>'
    )
    assert ">2026-11-20 14:15:32.007</time>" in shown_moment(AFTERNOON, to_milliseconds=True)
    assert ">2026-11-20</time>" in shown_day(AFTERNOON)


def test_no_time_is_a_dash() -> None:
    assert shown_moment(None) == "–"


@pytest.mark.parametrize(
    "path",
    [
        *("history/requestlog/", "history/quarantinedrecord/", "gateway/configrevision/", "gateway/configchange/"),
        *("gateway/auditevent/", "gateway/clientkey/", "gateway/apitoken/", "auth/user/", "?period=7d", "?period=30d"),
    ],
)
def test_every_list_writes_times_in_one_way(admin: Client, path: str) -> None:
    page = text_of(admin.get(f"/admin/{path}"))

    assert OTHER_FORMS.findall(page) == []
    assert path == "auth/user/" or (ISO.search(page) and "UTC" in page)


@pytest.mark.parametrize("model", [RequestLog, QuarantinedRecord, ConfigRevision, ClientKey, ApiToken, User])
def test_every_page_of_one_writes_times_in_one_way(admin: Client, model: type[RequestLog]) -> None:
    row = model.objects.order_by("-pk")[0]

    page = text_of(admin.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"))

    assert OTHER_FORMS.findall(page) == []
    assert ISO.search(page)


def test_names_of_rows_that_hold_a_time_write_it_so_too() -> None:
    assert str(RequestLog(requested_model="fast", started_at=AFTERNOON)) == "Request for fast, 2026-11-20 14:15:32 UTC"
