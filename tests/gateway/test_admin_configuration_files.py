"""The page “Import and export”: what a file would change is seen before it is changed, by those who may."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from providers.models import Provider
from routing.models import Alias
from tests.admin_pages import a_member_of_staff, an_administrator, text_of
from tests.gateway.interchange.importing import BASE, exported, import_text

pytestmark = pytest.mark.django_db

PAGE = "/admin/gateway/configuration/"
EXPORT = f"{PAGE}export/"


@pytest.fixture
def admin() -> Client:
    return an_administrator()


def somebody(role: str) -> Client:
    user = User.objects.create_user("somebody", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def look(client: Client, text: str = BASE, **more: Any) -> Any:  # Any: the test client's response
    return client.post(PAGE, {"text": text, **more})


def confirm(client: Client, page: Any, **more: Any) -> Any:  # Any: as above
    sent = {name: value for name, value in page.context["confirmation"].items() if value}
    return client.post(PAGE, {**sent, **more}, follow=True)


def test_looking_changes_nothing_and_says_what_would(admin: Client) -> None:
    page = look(admin)

    assert "+ provider openai" in text_of(page)
    assert "Would apply 10 changes" in text_of(page)
    assert not Provider.objects.exists()


def test_what_was_seen_is_done_after_a_yes(admin: Client) -> None:
    page = confirm(admin, look(admin))

    assert "Applied 10 changes" in text_of(page)
    assert Alias.objects.filter(name="smart").exists()


def test_a_file_may_be_uploaded(admin: Client) -> None:
    page = admin.post(PAGE, {"file": SimpleUploadedFile("plexus.yaml", BASE.encode())})

    assert "+ alias smart" in text_of(page)


def test_the_whole_truth_deletes_what_it_does_not_name(admin: Client) -> None:
    import_text(BASE)

    page = look(admin, "{providers: [], models: []}", prune="on")
    confirm(admin, page, force="on")

    assert "- provider openai" in text_of(page)
    assert not Provider.objects.exists()


def test_everything_is_deleted_only_by_whoever_ticks_the_box(admin: Client) -> None:
    import_text(BASE)
    seen = look(admin, "{providers: [], models: []}", prune="on")

    again = confirm(admin, seen)

    assert "It deletes everything that is configured: 1 provider, 2 models, 2 aliases. That is meant." in text_of(seen)
    assert "tick the box below" in text_of(again)
    assert Provider.objects.exists()
    assert "Applied" in text_of(confirm(admin, again, force="on"))


def test_nobody_is_asked_for_a_box_where_little_is_deleted(admin: Client) -> None:
    import_text(BASE)

    assert 'name="force"' not in text_of(look(admin, BASE))


def test_a_refused_file_is_told_by_line_and_cannot_be_confirmed(admin: Client) -> None:
    page = look(admin, BASE.replace("model: gpt-4o,", "model: gpt-5,"))

    assert "Refused: nothing was changed" in text_of(page)
    assert "<td>14</td>" in text_of(page)
    assert page.context["confirmation"] is None


def test_a_file_that_changes_nothing_asks_for_nothing(admin: Client) -> None:
    import_text(BASE)

    page = look(admin, exported(), prune="on")

    assert "Nothing to do" in text_of(page)
    assert page.context["confirmation"] is None


def test_what_changed_between_the_look_and_the_yes_is_shown_again(admin: Client) -> None:
    seen = look(admin)
    import_text("providers: [{name: openai, displayName: Another, auth: {type: none}}]")

    again = confirm(admin, seen)

    assert "changed meanwhile" in text_of(again)
    assert not Alias.objects.exists()
    assert "Applied" in text_of(confirm(admin, again))


def test_whose_file_it_is_may_be_said(admin: Client) -> None:
    page = look(admin, "models: 5", format="plano")

    assert "Read as Plano" in text_of(page)


def test_no_page_repeats_what_was_sent_in_clear(admin: Client) -> None:
    pages = [
        look(admin, BASE + "\nsomething: sk-a-key-in-passing"),
        look(admin, BASE.replace("apiKeyEnv: OPENAI_API_KEY", "apiKey: sk-a-key-in-passing")),
        look(admin, "sk-a-key-in-passing", file=SimpleUploadedFile("x.yaml", b"both")),
    ]

    assert not [page for page in pages if "sk-a-key-in-passing" in text_of(page)]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose a file, or paste a text."),
        ({"file": SimpleUploadedFile("x.yaml", b"\xff\xfe\x00")}, "cannot be read as UTF-8"),
        ({"text": "a", "file": SimpleUploadedFile("x.yaml", b"b")}, "not both"),
    ],
)
def test_what_is_no_file_is_said_on_the_page(admin: Client, sent: dict[str, Any], sentence: str) -> None:
    assert sentence in text_of(admin.post(PAGE, sent))


def test_a_confirmation_that_somebody_made_up_changes_nothing(admin: Client) -> None:
    page: Any = admin.post(PAGE, {"sealed": "plexus:made-up", "seen": "x"}, follow=True)

    assert "cannot be read any more" in text_of(page)
    assert not Provider.objects.exists()


def test_the_download_is_what_the_command_writes(admin: Client) -> None:
    import_text(BASE)

    answer = admin.get(EXPORT)

    assert text_of(answer) == exported()
    assert "attachment" in answer.headers["Content-Disposition"]


def test_an_auditor_exports_and_does_not_import() -> None:
    auditor = somebody("auditor")

    page = text_of(auditor.get(PAGE))

    assert "Download" in page
    assert "Look what it would change" not in page
    assert auditor.get(EXPORT).status_code == 200
    assert look(auditor).status_code == 403


def test_an_operator_imports() -> None:
    operator = somebody("operator")

    confirm(operator, look(operator))

    assert Provider.objects.exists()


@pytest.mark.parametrize("permission", [None, "routing.change_alias", "gateway.view_own_clientkey"])
def test_nobody_else_comes_here(permission: str | None) -> None:
    other = a_member_of_staff(*[permission] if permission else [])

    assert other.get(PAGE).status_code == 403
    assert other.get(EXPORT).status_code == 403
    assert look(other).status_code == 403


def test_who_may_import_changes_no_more_than_row_by_row() -> None:
    clerk = a_member_of_staff("gateway.import_configuration", "routing.change_alias")
    import_text(BASE)

    page = look(clerk, "providers: [{name: openai, displayName: Mine}]")

    assert "that takes providers.change_provider" in text_of(page)
    assert page.context["confirmation"] is None
