import pytest
from django.urls import reverse

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
    assert "{&quot;alias&quot;:&quot;&lt;fast&gt;&quot;}" in page
    assert "Quarantine" in listed


def test_nobody_changes_one_not_even_a_superuser() -> None:
    record, root = a_record(), an_administrator()

    for verb, arguments in (("add", []), ("delete", [record.pk])):
        address = reverse(f"admin:history_quarantinedrecord_{verb}", args=arguments)
        assert root.post(address, {"post": "yes"}).status_code == 403
    root.post(reverse("admin:history_quarantinedrecord_change", args=[record.pk]), {"error": "none"})

    assert QuarantinedRecord.objects.get().error == "DataError: out of range"
