"""Second tries are few, whatever happens."""

from hypothesis import given
from hypothesis import strategies as st

from routing.health.retry_budget import LEAST_CONCURRENT, Budget

NOW = 1000.0


def after_tries(number: int) -> Budget:
    budget = Budget()
    budget.tries.add(NOW, number, 0)
    return budget


def test_three_at_a_time_may_be_made_without_any_traffic() -> None:
    budget = after_tries(1)

    taken = [budget.take(NOW) for _ in range(5)]

    assert taken == [True, True, True, False, False]


def test_one_that_has_ended_makes_room() -> None:
    budget = after_tries(1)
    for _ in range(3):
        budget.take(NOW)

    budget.give_back()

    assert budget.take(NOW)


def test_a_tenth_of_the_traffic_may_be_tried_again() -> None:
    budget = after_tries(1000)

    taken = 0
    while budget.take(NOW):
        budget.tries.add(NOW, 1, 0)
        taken += 1

    assert taken == 100


def test_traffic_of_long_ago_earns_nothing() -> None:
    budget = after_tries(1000)

    taken = sum(budget.take(NOW + 11) for _ in range(1000))

    assert taken == LEAST_CONCURRENT


@given(steps=st.lists(st.sampled_from(["try", "take", "give back"]), max_size=300))
def test_never_more_than_a_tenth_is_under_way_beyond_three(steps: list[str]) -> None:
    budget, tries = Budget(), 0

    for step in steps:
        if step == "try":
            tries += 1
            budget.tries.add(NOW, 1, 0)
        elif step == "take":
            budget.take(NOW)
        elif budget.under_way:
            budget.give_back()

        assert 0 <= budget.under_way <= max(LEAST_CONCURRENT, 0.1 * tries)
