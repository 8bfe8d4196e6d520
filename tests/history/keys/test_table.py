from decimal import Decimal
from typing import Any

from history.keys.table import keys
from tests.history.exchanges import sums


def a_row(name: str = "billing", **numbers: Any) -> dict[str, Any]:  # Any: see Sums
    return {"key_id": 1, "key_name": name, **sums(**numbers)}


def test_a_row_leads_to_the_requests_of_its_key() -> None:
    (row,) = keys([a_row("team a&b", requests=12_345, errors=2)], most=10).rows

    assert (row.name, row.filter) == ("team a&b", "?key=team+a%26b")
    assert (row.requests, row.failures, row.has_failures) == ("12,345", "2", True)


def test_what_came_with_no_key_leads_nowhere() -> None:
    (row,) = keys([a_row("", requests=1)], most=10).rows

    assert (row.name, row.filter) == ("no key", "")


def test_a_cost_that_nobody_knows_is_unknown() -> None:
    shown = keys([a_row(unknown_costs=1), a_row(cost_usd=Decimal("1.5"))], most=10)

    assert [row.cost for row in shown.rows] == ["unknown", "$1.50"]


def test_the_rest_is_counted() -> None:
    shown = keys([a_row(str(number)) for number in range(5)], most=3)

    assert ([row.name for row in shown.rows], shown.left_out) == (["0", "1", "2"], 2)
