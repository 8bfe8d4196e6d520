from datetime import UTC, datetime, timedelta

import pytest

from history.periods import PERIODS, Period, step_number, window

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)


@pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
def test_the_last_step_is_the_one_that_is_not_over(period: Period) -> None:
    found = window(period, NOW)

    assert found.steps[0] == found.start
    assert found.steps[-1] <= NOW < found.steps[-1] + period.step
    assert len(found.steps) * period.step == period.length


@pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
def test_the_period_before_is_as_long_and_ends_where_this_one_begins_at_most(period: Period) -> None:
    found = window(period, NOW)

    assert found.earlier_end - found.earlier_start == found.end - found.start
    assert found.earlier_end <= found.start + period.step


def test_days_begin_at_midnight() -> None:
    assert window(PERIODS["30d"], NOW).start == datetime(2026, 10, 22, tzinfo=UTC)


@pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
def test_a_moment_finds_its_step(period: Period) -> None:
    found = window(period, NOW)

    def index_of(moment: datetime) -> int:
        return found.index_of(step_number(moment, period.step))

    assert index_of(found.start) == 0
    assert index_of(found.start + period.step - timedelta(seconds=1)) == 0
    assert index_of(NOW) == len(found.steps) - 1
