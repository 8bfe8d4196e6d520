"""A table that was replaced is freed once nobody uses it."""

import weakref
from collections.abc import Iterable

from routing.snapshot.retired import MOST_KEPT, Retired


class Part:
    """One of many."""


class Whole:
    """A value with parts."""

    def __init__(self) -> None:
        self.all = [Part() for _ in range(1_000)]

    def parts(self) -> Iterable[object]:
        return self.all


def test_what_a_request_still_holds_stays_whole() -> None:
    retired, held = Retired[Whole](), Whole()
    retired.add(held)

    retired.sweep()

    assert len(retired) == 1
    assert len(held.all) == 1_000


def test_what_nobody_holds_is_freed_with_all_its_parts() -> None:
    retired, value = Retired[Whole](), Whole()
    part, whole = weakref.ref(value.all[0]), weakref.ref(value)
    retired.add(value)
    del value

    retired.sweep()

    assert len(retired) == 0
    assert (part(), whole()) == (None, None)


def test_without_sweeping_only_the_last_few_are_kept() -> None:
    retired = Retired[Whole]()

    for _ in range(10):
        retired.add(Whole())

    assert len(retired) == MOST_KEPT
