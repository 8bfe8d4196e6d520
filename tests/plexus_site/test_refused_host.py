"""What stands in the browser, and in the log, when the admin is opened under a name that nobody allowed."""

import logging

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client, RequestFactory

from plexus_site.refused_host import OneLine, bad_request


def test_a_refused_host_is_told_the_setting_in_plain_text(client: Client) -> None:
    reply = client.get("/admin/", headers={"host": "127.0.0.2:4000"})

    assert (reply.status_code, reply.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert "“127.0.0.2:4000”" in reply.content.decode()
    assert "PLEXUS_ALLOWED_HOSTS" in reply.content.decode()
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_long_host_is_not_repeated_in_full(client: Client) -> None:
    reply = client.get("/admin/", headers={"host": "x" * 10_000})

    assert len(reply.content) < 300


def test_it_is_one_line_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "django.security.DisallowedHost"):
        client.get("/admin/", headers={"host": "127.0.0.2"})

    (record,) = caplog.records
    assert "add '127.0.0.2' to PLEXUS_ALLOWED_HOSTS" in record.getMessage()
    assert record.exc_info is None


def test_a_line_that_passes_the_filter_twice_is_the_same() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "You may need to add 'a' to ALLOWED_HOSTS.", (), None)

    assert OneLine().filter(record)
    assert OneLine().filter(record)

    assert record.getMessage() == "You may need to add 'a' to PLEXUS_ALLOWED_HOSTS."


def test_any_other_bad_request_is_djangos() -> None:
    reply = bad_request(RequestFactory().get("/"), SuspiciousOperation("Something else."))

    assert reply.status_code == 400
    assert b"PLEXUS_ALLOWED_HOSTS" not in reply.content
