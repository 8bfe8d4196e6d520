"""The judge is judged: fair draws pass it, slightly unfair ones do not."""

from collections import Counter

import pytest

from tests.routing.selection.chance import DRAWS, chi_square_bound, is_by_chance, seeded


@pytest.mark.parametrize(("degrees", "tabled"), [(1, 17.3), (2, 20.7), (5, 28.5), (23, 58.1)])
def test_the_bound_is_about_that_of_the_tables(degrees: int, tabled: float) -> None:
    chances = dict.fromkeys(range(degrees + 1), 1 / (degrees + 1))

    assert chi_square_bound(chances) == pytest.approx(tabled, rel=0.1)


def test_a_coin_that_falls_on_one_side_two_percent_too_often_is_found_out() -> None:
    rng = seeded()

    fair = Counter(rng.random() < 0.5 for _ in range(DRAWS))
    unfair = Counter(rng.random() < 0.52 for _ in range(DRAWS))

    assert is_by_chance(fair, {True: 0.5, False: 0.5})
    assert not is_by_chance(unfair, {True: 0.5, False: 0.5})
