"""The page “Health”: what it shows, who may see it, and who may clear. In a process that serves no gateway itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from gateway.audit.events import Event
from gateway.audit.models import AuditEvent
from gateway.health.letters import Sheet, Shown, Word
from gateway.health.store import Post, new_teller, post_of_settings
from routing.health.news import Event as News
from tests.admin_pages import a_member_of_staff, a_reader, an_administrator
from tests.gateways import forget_configuration
from tests.routing.health.scenes import START, a_book, answer_well, broken
from tests.routing.rows import a_model, a_provider

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/admin/gateway/upstreamhealth/"
KEY = "openai/gpt-4o-mini"


@pytest.fixture(autouse=True)
def post(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[Post]:
    """Where the letters of this test lie."""
    settings.REDIS_URL = ""
    settings.DATA_DIR = tmp_path
    forget_configuration()
    yield post_of_settings()
    forget_configuration()


def told_by_another_process(post: Post, *, is_broken: bool = False) -> None:
    health = a_book().of(KEY)
    if is_broken:
        broken(health)
    else:
        answer_well(health, START)
    sheet = Sheet(upstreams=[Shown(told=health.as_told(START + 1))])
    post.lay(new_teller(), Word(), sheet)


def rows_of(page: Any) -> dict[str, Any]:  # Any: the test client's response, and a row of its context
    assert page.status_code == 200
    return {row.key: row for row in page.context["health"].rows}


def cleared(post: Post) -> list[str]:
    words = (post.words(but_of="") or {}).values()
    return [news.key for word in words for news in word.news if news.event is News.CLEARED]


def test_without_upstreams_the_page_says_what_will_be_there() -> None:
    page = an_administrator().get(PAGE)

    assert b"No upstreams yet" in page.content


def test_an_upstream_that_nobody_has_asked_is_idle() -> None:
    a_model(KEY)

    page = an_administrator().get(PAGE)

    assert rows_of(page)[KEY].state == "idle"


def test_what_other_processes_tell_is_shown_with_its_reason_and_the_time_left(post: Post) -> None:
    a_model(KEY)
    told_by_another_process(post, is_broken=True)

    page = an_administrator().get(PAGE)

    row = rows_of(page)[KEY]
    assert (row.state, row.reason) == ("open", "failed (server_error)")
    assert 2 < row.seconds_left < 6
    assert b"data-seconds-left" in page.content


def test_the_table_alone_may_be_fetched_and_is_not_kept(post: Post) -> None:
    a_model(KEY)
    told_by_another_process(post)

    page = an_administrator().get(f"{PAGE}table/")

    assert rows_of(page)[KEY].state == "well"
    assert "no-store" in page["Cache-Control"]
    assert b"<html" not in page.content


def test_the_table_may_be_narrowed_to_a_provider() -> None:
    a_model(KEY)
    a_model("groq/llama")

    page = an_administrator().get(PAGE, {"provider": "groq"})

    assert list(rows_of(page)) == ["groq/llama"]


def test_whoever_clears_one_tells_all_processes(post: Post) -> None:
    a_model(KEY)
    told_by_another_process(post, is_broken=True)

    reply = an_administrator().post(f"{PAGE}clear/", {"upstream": KEY})

    assert reply.status_code == 302
    assert cleared(post) == [KEY]


def test_that_somebody_cleared_is_an_event(post: Post) -> None:
    a_model(KEY)
    told_by_another_process(post, is_broken=True)

    an_administrator("anna").post(f"{PAGE}clear/", {"upstream": KEY})

    event = AuditEvent.objects.get(kind=Event.HEALTH_CLEARED)
    assert (event.subject, event.author_name) == (KEY, "anna")


def test_clearing_all_clears_those_that_are_not_well(post: Post) -> None:
    a_model(KEY)
    a_model("groq/llama")
    told_by_another_process(post, is_broken=True)

    an_administrator().post(f"{PAGE}clear/", {"upstream": "*"})

    assert cleared(post) == [KEY]


def test_nothing_is_cleared_that_is_not_configured(post: Post) -> None:
    an_administrator().post(f"{PAGE}clear/", {"upstream": "no/such"})

    assert cleared(post) == []


def test_a_reader_sees_the_page_and_may_not_clear(post: Post) -> None:
    a_model(KEY)
    told_by_another_process(post, is_broken=True)
    reader = a_reader()

    page = reader.get(PAGE)
    refused = reader.post(f"{PAGE}clear/", {"upstream": KEY})

    assert page.status_code == 200
    assert f'action="{PAGE}clear/"'.encode() not in page.content  # newer pages of unfold say “Clear” elsewhere
    assert (refused.status_code, cleared(post)) == (403, [])


def test_clearing_needs_its_own_permission_and_no_other(post: Post) -> None:
    a_model(KEY)
    member = a_member_of_staff("gateway.view_upstreamhealth", "gateway.clear_upstreamhealth")

    reply = member.post(f"{PAGE}clear/", {"upstream": KEY})

    assert reply.status_code == 302
    assert cleared(post) == [KEY]


def test_whoever_may_not_see_health_gets_neither_page_nor_table() -> None:
    member = a_member_of_staff("routing.view_alias")

    assert member.get(PAGE).status_code == 403
    assert member.get(f"{PAGE}table/").status_code == 403


def test_clearing_is_no_link() -> None:
    assert an_administrator().get(f"{PAGE}clear/").status_code == 405


def test_a_providers_page_leads_to_the_health_of_its_upstreams() -> None:
    provider = a_provider("groq")

    reply = an_administrator().get(f"/admin/providers/provider/{provider.pk}/health/")

    assert (reply.status_code, reply["Location"]) == (302, f"{PAGE}?provider=groq")
