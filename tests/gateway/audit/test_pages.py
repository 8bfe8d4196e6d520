"""The pages of revisions, changes and events: read by those who may, changed by nobody."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from gateway.audit.models import ConfigRevision
from gateway.audit.recording import record_what_was_changed_outside
from gateway.audit.store import newest
from gateway.models import ClientKey
from routing.models import Alias
from tests.admin_pages import a_member_of_staff, a_reader, an_administrator, send_form, text_of
from tests.gateways import saved
from tests.routing.rows import a_model, an_alias

pytestmark = pytest.mark.django_db
LISTS = ("gateway_configrevision", "gateway_configchange", "gateway_auditevent")


@pytest.fixture
def browser() -> Client:
    return an_administrator("anna")


@pytest.fixture
def fast(browser: Client) -> Alias:
    """Made outside (revision 1), and described by Anna (revision 2)."""
    alias = an_alias("fast", a_model("openai/one"))
    record_what_was_changed_outside()
    send_form(
        browser, reverse("admin:routing_alias_change", args=[alias.pk]), description="cheaper <now>", why="prices"
    )
    return alias


def numbered(number: int) -> ConfigRevision:
    return ConfigRevision.objects.get(number=number)


def page_of(number: int, name: str = "change") -> str:
    return reverse(f"admin:gateway_configrevision_{name}", args=[numbered(number).pk])


def test_the_list_says_who_changed_what_and_why(browser: Client, fast: Alias) -> None:
    page = text_of(browser.get(reverse("admin:gateway_configrevision_changelist")))

    for said in ("updated alias fast", "anna", "127.0.0.1", "admin", "prices", "outside", "unknown"):
        assert said in page


def test_whoever_looks_at_the_list_sees_what_was_changed_outside_a_moment_ago(browser: Client, fast: Alias) -> None:
    Alias.objects.update(listed=False)

    browser.get(reverse("admin:gateway_configrevision_changelist"))

    assert numbered(3).door == "outside"


def test_a_revision_shows_old_and_new_values(browser: Client, fast: Alias) -> None:
    page = text_of(browser.get(page_of(2)))

    assert '<span class="audit-old">nothing</span>' in page
    assert '<span class="audit-new">cheaper &lt;now&gt;</span>' in page
    assert "Roll back to this" not in page


def test_the_document_of_a_revision_is_an_export(browser: Client, fast: Alias) -> None:
    text = text_of(browser.get(page_of(2, "document")))

    assert "description: cheaper <now>" in text


def test_any_two_are_compared(browser: Client, fast: Alias) -> None:
    fast.enabled = False
    fast.description = ""
    saved(fast)
    record_what_was_changed_outside()

    page = text_of(browser.get(reverse("admin:gateway_configrevision_compare"), {"old": 1, "new": 3}))

    assert "enabled" in page
    assert "cheaper" not in page.partition("What differs")[2]


def test_the_older_of_two_stands_on_the_left_whichever_was_chosen_there(browser: Client, fast: Alias) -> None:
    page = browser.get(reverse("admin:gateway_configrevision_compare"), {"old": 2, "new": 1})

    assert [side.number for _, _, side in page.context["sides"]] == [1, 2]
    assert '<span class="audit-new">cheaper &lt;now&gt;</span>' in text_of(page)


def test_a_revision_is_compared_with_its_predecessor_unless_another_is_chosen(browser: Client, fast: Alias) -> None:
    fast.description = "dearer"
    saved(fast)
    record_what_was_changed_outside()

    chosen = re.findall(r'<option value="(\d+)" selected>', text_of(browser.get(page_of(2))))

    assert chosen == ["1"]


@pytest.mark.parametrize(
    "query", [{}, {"old": "1", "new": "99"}, {"old": "x", "new": "1"}, {"old": "9" * 30, "new": "1"}]
)
def test_what_is_no_revision_is_not_found(browser: Client, fast: Alias, query: dict[str, str]) -> None:
    assert browser.get(reverse("admin:gateway_configrevision_compare"), query).status_code == 404


def test_a_rollback_asks_and_then_does_it(browser: Client, fast: Alias) -> None:
    asked = browser.get(page_of(1, "roll_back"))
    seen = asked.context["newest"].number

    done = browser.post(page_of(1, "roll_back"), {"seen": seen, "why": "a mistake"}, follow=True)

    assert "Roll back to revision 1" in text_of(asked)
    assert "The configuration is that of revision 1 again." in text_of(done)
    assert Alias.objects.get().description == ""
    revision = newest()
    assert revision is not None
    assert (revision.rolled_back_to, revision.note, revision.author_name) == (1, "a mistake", "anna")


def test_the_newest_revision_is_undone_from_its_own_page(browser: Client, fast: Alias) -> None:
    page = browser.get(page_of(2)).content.decode()

    assert page_of(1, "roll_back") in page
    assert "Undo this: back to revision 1" in page


def test_the_list_says_which_revisions_are_rollbacks(browser: Client, fast: Alias) -> None:
    seen = browser.get(page_of(1, "roll_back")).context["newest"].number
    browser.post(page_of(1, "roll_back"), {"seen": seen, "why": "a mistake"})

    page = text_of(browser.get(reverse("admin:gateway_configrevision_changelist")))

    assert "rolled back to revision 1: a mistake" in page


def test_a_rollback_that_was_seen_before_another_change_asks_again(browser: Client, fast: Alias) -> None:
    seen = browser.get(page_of(1, "roll_back")).context["newest"].number
    Alias.objects.update(listed=False)

    page = browser.post(page_of(1, "roll_back"), {"seen": seen})

    assert "Somebody changed something meanwhile" in text_of(page)
    assert Alias.objects.get().description == "cheaper <now>"


def test_a_rollback_names_the_keys_that_lose_something(browser: Client, fast: Alias) -> None:
    other = an_alias("other", a_model("openai/two"))
    key = ClientKey(name="billing", access=ClientKey.Access.LISTED)
    key.make()
    saved(key)
    key.allowed_aliases.add(other)

    page = text_of(browser.get(page_of(2, "roll_back")))

    assert "The client key “billing” lists “other”, which is deleted" in page


def test_whoever_may_only_look_rolls_nothing_back(fast: Alias) -> None:
    reader = a_reader()

    assert "Roll back to this" not in text_of(reader.get(page_of(1)))
    assert reader.get(page_of(1, "roll_back")).status_code == 403
    assert reader.post(page_of(1, "roll_back"), {"seen": 2}).status_code == 403
    assert Alias.objects.get().description == "cheaper <now>"


def test_whoever_rolls_back_changes_no_more_than_row_by_row(fast: Alias) -> None:
    clerk = a_member_of_staff("gateway.import_configuration", "gateway.view_configrevision", "routing.view_alias")

    page = clerk.get(page_of(1, "roll_back"))
    answer = clerk.post(page_of(1, "roll_back"), {"seen": 2})

    assert "that takes routing.change_alias." in text_of(page)
    assert answer.status_code == 403
    assert Alias.objects.get().description == "cheaper <now>"


@pytest.mark.parametrize("name", ["change", "document", "roll_back"])
def test_whoever_may_not_look_sees_nothing(fast: Alias, name: str) -> None:
    stranger = a_member_of_staff("gateway.import_configuration")

    assert stranger.get(page_of(2, name)).status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_nobody_adds_changes_or_deletes(browser: Client, fast: Alias, name: str) -> None:
    def status(url: str, **sent: Any) -> int:
        return browser.post(url, sent).status_code

    rows = {"gateway_configrevision": numbered(1), "gateway_configchange": numbered(1).changes.all()[0]}
    pk = rows[name].pk if name in rows else 1

    assert browser.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert status(reverse(f"admin:{name}_add"), summary="made up") == 403
    assert status(reverse(f"admin:{name}_delete", args=[pk]), post="yes") == 403


def test_the_history_button_of_an_alias_leads_to_its_changes(browser: Client, fast: Alias) -> None:
    page = browser.get(reverse("admin:routing_alias_history", args=[fast.pk]), follow=True)

    assert page.redirect_chain[0][0].endswith("?of_kind=alias&of_name=fast")
    assert "cheaper &lt;now&gt;" in text_of(page)
    assert "openai" not in text_of(page).partition('id="result_list"')[2].replace("fast → openai/one", "")


def test_the_history_of_an_alias_says_whose_it_is_and_why(browser: Client, fast: Alias) -> None:
    page = browser.get(reverse("admin:routing_alias_history", args=[fast.pk]), follow=True)

    assert page.context["title"] == "Changes in alias fast"
    assert "What was changed in <b>alias fast</b>" in text_of(page)
    assert "“prices”" in text_of(page)


def test_the_history_button_shows_what_was_changed_under_earlier_names(browser: Client, fast: Alias) -> None:
    fast.refresh_from_db()
    fast.name = "quick"
    saved(fast)
    record_what_was_changed_outside()
    an_alias("fast", a_model("openai/another"))
    record_what_was_changed_outside()

    page = browser.get(reverse("admin:routing_alias_history", args=[fast.pk]), follow=True)

    shown = [(change.deed, change.name) for change in page.context["cl"].result_list]
    assert shown == [
        ("updated", "fast"),
        ("updated", "fast"),
        ("created", "fast"),
        ("created", "fast → openai/one"),
    ]
    assert page.context["cl"].filter_specs[0].title == "object"
    assert "alias quick" in text_of(page)
    assert "cheaper &lt;now&gt;" in text_of(page)


def test_the_history_button_of_a_model_leads_to_its_provider(browser: Client, fast: Alias) -> None:
    model = a_model("openai/other")

    page = browser.get(reverse("admin:providers_providermodel_history", args=[model.pk]))

    assert page["Location"].endswith("?of_kind=provider&of_name=openai")


@pytest.mark.parametrize("name", LISTS)
def test_the_way_to_a_list_begins_where_the_sidebar_has_it(browser: Client, name: str) -> None:
    page = browser.get(reverse(f"admin:{name}_changelist"))

    assert way_to(page)[0] == "Audit"


def test_the_way_to_a_revision_begins_there_too(browser: Client, fast: Alias) -> None:
    page = browser.get(reverse("admin:gateway_configrevision_change", args=[numbered(2).pk]))

    assert way_to(page)[0] == "Audit"


def test_a_list_narrowed_to_a_door_that_there_is_none_of_says_so(browser: Client, fast: Alias) -> None:
    page = text_of(browser.get(reverse("admin:gateway_configrevision_changelist"), {"door": "bogus"}))

    assert "None of the" in page
    assert "Show all" in page
    assert "yet" not in page


def test_the_way_to_client_keys_still_begins_with_access(browser: Client) -> None:
    page = browser.get(reverse("admin:gateway_clientkey_changelist"))

    assert way_to(page)[0] == "Access"


def way_to(page: Any) -> list[str]:  # Any: a response
    """What stands in the head of a page, from the outside in."""
    parts = re.findall(r"min-w-0 truncate tracking-tight[^>]*>([^<]*)<", page.content.decode())
    return [part.strip() for part in parts]
