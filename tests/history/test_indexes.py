"""What the list of requests asks of its indexes, as SQLite plans it; PostgreSQL's plans depend on how much there is."""

from uuid import UUID

import pytest
from django.db import connection

from history.models import AttemptLog, RequestLog
from tests.history.exchanges import an_exchange

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor == "postgresql", reason="PostgreSQL plans by how much a table holds: nothing here"
    ),
]


@pytest.mark.parametrize(
    ("column", "index"),
    [
        ("alias", "request_by_alias"),
        ("provider", "request_by_provider"),
        ("model", "request_by_model"),
        ("key_name", "request_by_key"),
        ("requested_model", "request_by_requested_model"),
    ],
)
def test_a_name_is_found_by_its_index_and_newest_first_without_sorting(column: str, index: str) -> None:
    plan = RequestLog.objects.filter(**{column: "fast"}, id__lt=an_exchange().id).order_by("-id").explain()

    assert f"USING INDEX {index} ({column}=? AND id<?)" in plan
    assert "TEMP B-TREE" not in plan


def test_the_tries_of_a_request_are_found_in_their_order_without_an_index_of_their_own() -> None:
    plan = AttemptLog.objects.filter(request=UUID(an_exchange().id)).order_by("number").explain()

    assert "attempt" in plan
    assert "(request_id=?)" in plan
    assert "TEMP B-TREE" not in plan


def test_no_index_of_a_table_begins_another_one() -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, AttemptLog._meta.db_table)
    columns = [tuple(one["columns"]) for one in found.values() if one["index"] or one["unique"]]

    assert ("request_id", "number") in columns
    assert ("request_id",) not in columns
