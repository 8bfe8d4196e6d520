"""Sessions stay where they are, as long as they can."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.stickiness import Sessions, order
from tests.routing.selection.chance import Choice, choices, is_by_chance

SESSIONS = [b"session %d" % number for number in range(20_000)]


def first(options: list[Choice], session: bytes) -> int:
    return order(options, session)[0].id


def test_a_session_always_asks_in_the_same_order() -> None:
    options = choices(1, 2, 3)

    assert order(options, b"a") == order(list(reversed(options)), b"a")


def test_sessions_are_spread_by_weight() -> None:
    options = choices(70, 20, 10)

    firsts = Counter(first(options, session) for session in SESSIONS)

    assert is_by_chance(firsts, {1: 0.7, 2: 0.2, 3: 0.1})


def test_when_one_goes_only_its_own_sessions_move() -> None:
    before, after = choices(1, 1, 1, 1), choices(1, 1, 1)

    moved = [session for session in SESSIONS if first(before, session) != first(after, session)]

    assert {first(before, session) for session in moved} == {4}
    assert len({first(after, session) for session in moved}) == 3


def test_a_heavier_weight_takes_sessions_and_throws_no_others_about() -> None:
    before, after = choices(1, 1, 1), choices(2, 1, 1)

    moved = [session for session in SESSIONS if first(before, session) != first(after, session)]

    assert {first(after, session) for session in moved} == {1}


@given(session=st.binary(), ids=st.lists(st.integers(), min_size=1, max_size=8, unique=True))
def test_an_order_holds_the_same_choices_each_once(session: bytes, ids: list[int]) -> None:
    options = [Choice(id=id) for id in ids]

    assert sorted(choice.id for choice in order(options, session)) == sorted(ids)


def test_a_session_is_remembered_for_its_time_after_the_last_request() -> None:
    sessions = Sessions()
    sessions.keep(b"a", "openai/gpt-4o", 0.0, seconds=60)
    sessions.keep(b"a", "azure/gpt-4o", 50.0, seconds=60)

    assert sessions.upstream_of(b"a", 109.9) == "azure/gpt-4o"
    assert sessions.upstream_of(b"a", 110.0) is None
    assert sessions.upstream_of(b"b", 0.0) is None


def test_the_one_unused_for_longest_is_forgotten_first() -> None:
    sessions = Sessions(most=2)
    for session in (b"a", b"b", b"a", b"c"):
        sessions.keep(session, "p/m", 0.0, seconds=60)

    known = [session for session in (b"a", b"b", b"c") if sessions.upstream_of(session, 1.0)]

    assert known == [b"a", b"c"]
    assert len(sessions) == 2


@pytest.mark.parametrize("id", [0, -1, 2**63 - 1])
def test_any_id_has_its_place(id: int) -> None:
    assert first([Choice(id=id)], b"a") == id
