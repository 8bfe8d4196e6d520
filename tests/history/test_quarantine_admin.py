import pytest
from django.urls import reverse
from django.utils.html import escape

from history.models import QuarantinedRecord
from tests.admin_pages import a_member_of_staff, an_administrator, text_of

pytestmark = pytest.mark.django_db


def a_record() -> QuarantinedRecord:
    return QuarantinedRecord.objects.create(
        request_id="0199a3c2-0000-7000-8000-000000000001", error="DataError: out of range", row='{"alias":"<fast>"}'
    )


def test_a_refused_row_is_shown_with_its_reason_as_it_was() -> None:
    record, reader = a_record(), a_member_of_staff("history.view_quarantinedrecord")

    listed = text_of(reader.get(reverse("admin:history_quarantinedrecord_changelist")))
    page = text_of(reader.get(reverse("admin:history_quarantinedrecord_change", args=[record.pk])))

    assert "DataError: out of range" in listed
    assert "{\n  &quot;alias&quot;: &quot;&lt;fast&gt;&quot;\n}" in page
    assert "Quarantine" in listed
    assert "1 quarantined record" in " ".join(listed.split())


@pytest.mark.parametrize("row", ['{"alias": "fa', "[" * 4_000])
def test_a_row_that_is_no_json_is_shown_as_it_stands(row: str) -> None:
    record, root = QuarantinedRecord.objects.create(request_id="x", error="unreadable", row=row), an_administrator()

    page = text_of(root.get(reverse("admin:history_quarantinedrecord_change", args=[record.pk])))

    assert f"{escape(row)}</pre>" in page


def test_an_empty_quarantine_says_that_all_is_well() -> None:
    page = text_of(an_administrator().get(reverse("admin:history_quarantinedrecord_changelist")))

    assert "The database has taken every row" in page
    assert "requests" not in page.partition('id="changelist-form"')[2].partition("<script")[0].replace("Requests", "")


def test_a_long_reason_is_cut_in_the_list_alone() -> None:
    record, root = a_record(), an_administrator()
    long = QuarantinedRecord.objects.create(request_id="x", error="DataError: " + "far " * 100 + "end", row="{}")

    listed = text_of(root.get(reverse("admin:history_quarantinedrecord_changelist")))
    page = text_of(root.get(reverse("admin:history_quarantinedrecord_change", args=[long.pk])))

    assert record.error in listed
    assert "far …" in listed or "far…" in listed
    assert "end" not in listed.partition("DataError: far")[2].partition("</td>")[0]
    assert long.error in page


def test_nobody_changes_one_not_even_a_superuser() -> None:
    record, root = a_record(), an_administrator()

    for verb, arguments in (("add", []), ("delete", [record.pk])):
        address = reverse(f"admin:history_quarantinedrecord_{verb}", args=arguments)
        assert root.post(address, {"post": "yes"}).status_code == 403
    root.post(reverse("admin:history_quarantinedrecord_change", args=[record.pk]), {"error": "none"})

    assert QuarantinedRecord.objects.get().error == "DataError: out of range"
