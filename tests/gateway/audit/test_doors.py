"""Every door says who came through it, from where, and what they changed."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from gateway.audit.models import AuditEvent, ConfigRevision
from gateway.audit.recording import record_what_was_changed_outside
from gateway.management.quickstart.setting_up import set_up
from gateway.models import ClientKey
from gateway.tasks import find_changes_from_outside
from providers.models import Provider
from routing.models import Alias
from tests.admin_pages import a_reader, an_administrator, send_form, text_of
from tests.routing.rows import a_model, a_provider, an_alias

pytestmark = pytest.mark.django_db


@pytest.fixture
def fast() -> Alias:
    """An alias that the revisions know already."""
    alias = an_alias("fast", a_model())
    record_what_was_changed_outside()
    return alias


def newest() -> ConfigRevision:
    revision = ConfigRevision.objects.order_by("-number").first()
    assert revision is not None
    return revision  # type: ignore[no-any-return]  # the manager is shared by three models


def fields_of(revision: ConfigRevision) -> list[Any]:
    return [field for change in revision.changes.all() for field in change.fields]


def test_a_form_of_the_admin(fast: Alias) -> None:
    browser = an_administrator("anna")

    send_form(browser, reverse("admin:routing_alias_change", args=[fast.pk]), description="cheaper", why="prices")

    revision = newest()
    assert (revision.author_name, revision.door, revision.address, revision.note) == (
        *("anna", "admin", "127.0.0.1", "prices"),
    )
    assert fields_of(revision) == [["description", "nothing", "cheaper"]]


def test_every_form_asks_for_the_reason_and_no_reader(fast: Alias) -> None:
    pages = [reverse("admin:routing_alias_change", args=[fast.pk]), reverse("admin:providers_provider_add")]
    browser = an_administrator("anna")

    assert all('name="why"' in text_of(browser.get(page)) for page in pages)
    assert 'name="why"' not in text_of(a_reader().get(pages[0]))


def test_a_form_that_is_refused_records_nothing(fast: Alias) -> None:
    browser = an_administrator("anna")
    before = newest().number

    page = send_form(browser, reverse("admin:routing_alias_change", args=[fast.pk]), name="not a name")

    assert page.status_code == 200
    assert newest().number == before


def test_an_action_on_a_list(fast: Alias) -> None:
    fast.enabled = False
    fast.save()
    browser = an_administrator("anna")

    browser.post(reverse("admin:routing_alias_changelist"), {"action": "enable", "_selected_action": [fast.pk]})

    assert newest().author_name == "anna"
    assert fields_of(newest()) == [["enabled", "no", "yes"]]


def test_deleting_in_the_admin(fast: Alias) -> None:
    browser = an_administrator("anna")

    browser.post(reverse("admin:routing_alias_delete", args=[fast.pk]), {"post": "yes"})

    assert newest().summary == "deleted alias fast"
    assert newest().author_name == "anna"


def test_a_new_key_in_the_admin_is_an_event(fast: Alias) -> None:
    browser = an_administrator("anna")

    send_form(browser, reverse("admin:gateway_clientkey_add"), name="billing")

    made = AuditEvent.objects.get(kind="key made")
    assert (made.author_name, made.subject) == ("anna", "billing")
    assert newest().summary == "created client key billing"


def test_a_replaced_secret_in_the_admin(fast: Alias) -> None:
    key = ClientKey(name="billing")
    key.make()
    key.save()
    browser = an_administrator("anna")

    browser.post(reverse("admin:gateway_clientkey_replace_secret", args=[key.pk]))

    assert AuditEvent.objects.get(kind="secret replaced").author_name == "anna"


def test_a_file(fast: Alias, tmp_path: Path) -> None:
    file = tmp_path / "plexus.yaml"
    file.write_text("models:\n  - alias: fast\n    description: from a file\n    targets: []\n")

    call_command("import_config", str(file), "--why", "prices", stdout=io.StringIO())

    revision = newest()
    assert revision.door == "file"
    assert revision.author_name.endswith(f"(import_config {file})"[-100:])
    assert revision.note == "prices"
    assert ["description", "nothing", "from a file"] in fields_of(revision)


def test_a_dry_run_records_nothing(fast: Alias, tmp_path: Path) -> None:
    file = tmp_path / "plexus.yaml"
    file.write_text("models:\n  - alias: fast\n    description: from a file\n    targets: []\n")
    before = newest().number

    with pytest.raises(SystemExit):
        call_command("import_config", str(file), "--dry-run", stdout=io.StringIO())

    assert newest().number == before


def test_the_command_that_makes_a_key(fast: Alias) -> None:
    call_command("create_key", "billing", stdout=io.StringIO())

    made = AuditEvent.objects.get(kind="key made")
    assert (made.door, made.subject) == ("command", "billing")
    assert made.author_name.endswith("(create_key)")


def test_quickstart() -> None:
    set_up(None, [])

    assert newest().door == "command"
    assert newest().author_name.endswith("(quickstart)")
    assert AuditEvent.objects.get(kind="user made").author_name.endswith("(quickstart)")


def test_nobody_we_know(fast: Alias) -> None:
    Alias.objects.update(listed=False)

    find_changes_from_outside()

    assert (newest().door, newest().author_name) == ("outside", "unknown")
    assert fields_of(newest()) == [["listed", "yes", "no"]]


def test_a_key_that_is_stored_in_the_admin_shows_nowhere(fast: Alias) -> None:
    provider = a_provider("openai")
    browser = an_administrator("anna")

    send_form(
        browser, reverse("admin:providers_provider_change", args=[provider.pk]), credential="sk-very-secret-indeed"
    )

    assert Provider.objects.get().credential
    assert fields_of(newest()) == [["credential", "nothing", "a stored key"]]
