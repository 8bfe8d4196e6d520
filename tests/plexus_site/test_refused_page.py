"""What stands in the log when somebody opens a page that they may not see."""

import logging

import pytest

from plexus_site.refused_page import NoTraceback
from tests.admin_pages import a_member_of_staff


@pytest.mark.django_db
def test_a_page_that_somebody_may_not_see_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    reader = a_member_of_staff("routing.view_alias")

    with caplog.at_level(logging.WARNING, "django.request"):
        answer = reader.get("/admin/providers/provider/")

    assert answer.status_code == 403
    (record,) = caplog.records
    assert record.getMessage() == "Forbidden: /admin/providers/provider/"
    assert record.exc_info is None


def test_what_broke_in_here_keeps_its_traceback() -> None:
    failure = ValueError("Ours.")
    record = logging.LogRecord("x", logging.ERROR, "", 0, "Broken.", (), (ValueError, failure, None))
    record.status_code = 500

    assert NoTraceback().filter(record)

    assert record.exc_info is not None
