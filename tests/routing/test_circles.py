"""An alias cannot reach itself through aliases, nor any other one over very many."""

from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from routing.models import Alias, Target
from tests.routing.rows import a_model, a_target, an_alias, message, refusals, refusals_of, target_of

pytestmark = pytest.mark.django_db


def a_chain(length: int, name: str = "a") -> tuple[Alias, Alias]:
    """Aliases a1 → a2 → …; the first and the last of them."""
    aliases = [an_alias(f"{name}{number}") for number in range(1, length + 1)]
    for alias, following in pairwise(aliases):
        a_target(alias, following)
    return aliases[0], aliases[-1]


@pytest.mark.parametrize("length", [1, 2, 3, 10])
def test_a_circle_of_any_length_is_refused(length: int) -> None:
    first, last = a_chain(length)

    assert refusals(target_of(last, first)) == {"to_alias": ["circle"]}


@pytest.mark.parametrize(("above", "below"), [(1, 11), (11, 1), (6, 6)])
def test_more_than_ten_links_one_after_the_other_are_refused(above: int, below: int) -> None:
    _, last = a_chain(above)
    first, _ = a_chain(below, "b")

    assert refusals(target_of(last, first)) == {"to_alias": ["too_many_links"]}
    assert "more than 10 aliases" in message(target_of(last, first), "to_alias")
    with pytest.raises(ValidationError, match="more than 10 aliases"):
        target_of(last, first).save()


def test_ten_links_are_taken() -> None:
    _, last = a_chain(5)
    first, _ = a_chain(6, "b")

    assert refusals(target_of(last, first)) == {}


def test_the_message_shows_the_way_around() -> None:
    first, last = a_chain(3)

    assert message(target_of(last, first), "to_alias") == (
        "An alias cannot reach itself: “a3” → “a1” → “a2” → “a3”. Remove a link."
    )


@pytest.mark.parametrize("length", [1, 2, 10])
def test_saving_without_asking_first_finds_the_circle_too(length: int) -> None:
    first, last = a_chain(length)

    with pytest.raises(ValidationError, match="cannot reach itself"):
        target_of(last, first).save()

    assert not Target.objects.filter(alias=last).exists()


def test_a_disabled_link_closes_a_circle_as_well() -> None:
    first, last = a_chain(2)

    assert refusals(target_of(last, first, enabled=False)) == {"to_alias": ["circle"]}


def test_many_ways_to_one_alias_are_no_circle() -> None:
    bottom = an_alias("bottom", a_model())
    left, right = an_alias("left", bottom), an_alias("right", bottom)
    top = an_alias("top", left, right)

    assert refusals(target_of(top, bottom)) == {}


def test_a_target_that_turns_to_another_alias_is_judged_by_where_it_turns() -> None:
    first, _ = a_chain(2)
    elsewhere = an_alias("elsewhere", first)
    link = first.targets.get()
    link.to_alias = elsewhere

    assert refusals(link) == {"to_alias": ["circle"]}


def test_a_link_that_goes_in_the_same_save_closes_nothing() -> None:
    first, last = a_chain(2)
    link = first.targets.get()
    link.to_alias, link.model = None, a_model()
    link.full_clean()
    link.save()

    assert refusals(target_of(last, first)) == {}


def test_among_targets_saved_together_each_is_judged_with_the_others() -> None:
    first, last = a_chain(3)
    harmless = an_alias("harmless", a_model())
    together = [target_of(last, harmless), target_of(last, first)]
    last.targets_together = together

    assert [refusals(target) for target in together] == [{}, {"to_alias": ["circle"]}]


def test_a_circle_within_one_transaction_is_found_before_its_end() -> None:
    first, second = an_alias("first"), an_alias("second")

    def close_it() -> None:
        with transaction.atomic():
            target_of(first, second).save()
            target_of(second, first).save()

    assert refusals_of(close_it) == {"to_alias": ["circle"]}

    assert not Target.objects.exists()
