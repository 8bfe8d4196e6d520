"""How much a document must take away before somebody is asked whether that is meant."""

import pytest

from gateway.interchange.difference import Change, Deed
from gateway.interchange.losses import great_loss, lost


def deleted(kind: str, number: int) -> list[Change]:
    return [Change(deed=Deed.DELETED, kind=kind, name=f"{kind}-{place}") for place in range(number)]


def test_everything_is_a_great_loss_however_little_it_is() -> None:
    assert great_loss(deleted("alias", 1), {"alias": 1}) == "It deletes everything that is configured: 1 alias."


def test_nothing_is_none() -> None:
    assert great_loss([], {}) == ""
    assert great_loss([], {"alias": 3}) == ""


@pytest.mark.parametrize(
    ("gone", "there", "is_great"), [(4, 5, False), (5, 9, True), (5, 10, False), (6, 11, True), (500, 1000, False)]
)
def test_more_than_half_is_one_from_five_on(gone: int, there: int, is_great: bool) -> None:
    assert bool(great_loss(deleted("model", gone), {"model": there})) is is_great


def test_it_is_told_by_kinds() -> None:
    changes = [*deleted("alias", 2), *deleted("model", 5), *deleted("provider", 1)]

    said = great_loss(changes, {"provider": 2, "model": 6, "alias": 2, "pattern": 0, "route": 1})

    assert said == "It deletes 8 of 11 objects that are configured: 1 provider, 5 models, 2 aliases."


def test_what_belongs_to_others_is_not_counted() -> None:
    assert great_loss([*deleted("target", 90), *deleted("synonym", 9), *deleted("alias", 1)], {"alias": 3}) == ""


def test_what_is_deleted_to_be_made_anew_is_not_lost() -> None:
    gone, kept = deleted("pattern", 2)
    anew = Change(deed=Deed.CREATED, kind=kept.kind, name=kept.name)

    assert lost([gone, kept, anew]) == [gone]
