import pytest

from providers.timeouts import Timeouts


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_deadline_of_no_time_is_refused_by_name(seconds: float) -> None:
    with pytest.raises(ValueError, match="idle_seconds must be more than 0"):
        Timeouts(idle_seconds=seconds)


def test_timeouts_are_values() -> None:
    assert Timeouts(connect_seconds=1) == Timeouts(connect_seconds=1)
    assert len({Timeouts(), Timeouts()}) == 1
