"""`Window`: what lies in the last seconds counts, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from routing.health.window import Window

STEPS = st.lists(st.tuples(st.floats(0, 8), st.integers(0, 3)), max_size=60)


def test_it_sums_what_was_added() -> None:
    window = Window(10, 10)

    window.add(100.0, 1, 0)
    window.add(100.5, 1, 5)

    assert (window.events, window.amount) == (2, 5)


def test_it_forgets_after_its_span() -> None:
    window = Window(10, 10)
    window.add(100.5, 1, 1)

    window.look(109.4)
    kept = window.events
    window.look(110.5)

    assert (kept, window.events, window.amount) == (1, 0, 0)


def test_after_a_long_silence_nothing_is_left() -> None:
    window = Window(10, 10)
    window.add(100.0, 7, 7)

    window.add(100_000.0, 1, 0)

    assert (window.events, window.amount) == (1, 0)


@given(steps=STEPS)
def test_it_holds_all_of_nine_seconds_and_nothing_of_more_than_ten(steps: list[tuple[float, int]]) -> None:
    window, now, added = Window(10, 10), 1000.0, list[tuple[float, int]]()

    for pause, amount in steps:
        now += pause
        window.add(now, 1, amount)
        added.append((now, amount))

    assert sum(amount for at, amount in added if at > now - 9) <= window.amount
    assert window.amount <= sum(amount for at, amount in added if at >= now - 10.001)
