from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from history.ids import first_id_at
from history.partitions import days

DAY = date(2026, 11, 20)


def test_a_piece_is_named_after_its_day_and_tells_it() -> None:
    assert days.piece_of("history_requestlog", DAY) == "history_requestlog_20261120"
    assert days.day_of("history_requestlog_20261120") == DAY


@pytest.mark.parametrize("name", ["history_requestlog", "history_requestlog_rest", "history_requestlog_2026"])
def test_another_table_has_no_day(name: str) -> None:
    assert days.day_of(name) is None


def test_the_ids_of_a_day_are_those_from_midnight_to_midnight() -> None:
    first, after = days.ids_of(DAY)

    assert first == first_id_at(datetime(2026, 11, 20, tzinfo=UTC))
    assert after == first_id_at(datetime(2026, 11, 21, tzinfo=UTC))
    assert days.ids_of(date(2026, 11, 21))[0] == after


def test_an_id_tells_its_day() -> None:
    first, after = days.ids_of(DAY)
    last = first_id_at(datetime(2026, 11, 20, 23, 59, 59, 999_000, tzinfo=UTC))

    assert days.day_of_id(first) == days.day_of_id(last) == DAY
    assert days.day_of_id(after) == date(2026, 11, 21)


def test_an_id_from_nowhere_has_a_day_too() -> None:
    assert days.day_of_id(UUID(int=0)) == date(1970, 1, 1)
    assert days.day_of_id(UUID(int=2**128 - 1)) == date(9999, 12, 31)


def test_pieces_are_made_from_yesterday_to_a_week_ahead() -> None:
    assert days.ahead(DAY) == days.days_between(date(2026, 11, 19), date(2026, 11, 27))
