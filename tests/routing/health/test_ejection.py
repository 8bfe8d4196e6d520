"""How much of an alias may be out at once."""

from hypothesis import given
from hypothesis import strategies as st

from providers.errors import Condition
from routing.health import Cause, Standing, readmitted

CAUSES = st.sampled_from([*Cause, None])


def out(cause: Cause, *, until: float = 1010.0, condition: Condition = Condition.SERVER_ERROR) -> Standing:
    return Standing(ok=False, cause=cause, condition=condition, until=until)


WELL = Standing()
FAILED = out(Cause.FAILURES)
REFUSED = out(Cause.UNREACHABLE, condition=Condition.CONNECTION)
RESTS = out(Cause.REST, condition=Condition.RATE_LIMITED)
HALF = out(Cause.RATIO)
PROBED = Standing(is_probe=True, cause=Cause.FAILURES)


def test_nobody_returns_while_others_can_take_the_requests() -> None:
    assert readmitted([FAILED, WELL, FAILED], [1, 1, 1]) == []


def test_the_last_one_is_not_out_for_doing_badly() -> None:
    assert readmitted([RESTS, FAILED, REFUSED], [1, 1, 1]) == [1]


def test_of_several_the_least_bad_returns_and_of_equals_the_heaviest() -> None:
    assert readmitted([out(Cause.STALLS), FAILED, RESTS], [5, 1, 1]) == [1]
    assert readmitted([FAILED, FAILED, FAILED], [1, 2, 1]) == [1]
    assert readmitted([FAILED, out(Cause.FAILURES, until=1001.0)], [1, 1]) == [0]


def test_facts_take_all() -> None:
    assert readmitted([RESTS, REFUSED, out(Cause.HARD), out(Cause.FULL)], [1, 1, 1, 1]) == []


def test_half_of_the_weight_may_be_out_for_its_share_of_failures() -> None:
    assert readmitted([HALF, WELL], [50, 50]) == []


def test_more_than_half_may_not() -> None:
    assert readmitted([HALF, WELL], [70, 30]) == [0]
    assert readmitted([HALF, out(Cause.RATIO, until=1001.0), WELL], [1, 1, 1]) == [1]


def test_a_probe_has_somebody_to_fail_over_to() -> None:
    assert readmitted([PROBED, FAILED], [1, 1]) == [1]
    assert readmitted([PROBED, REFUSED], [1, 1]) == []


@given(
    st.lists(
        st.builds(
            Standing,
            ok=st.booleans(),
            cause=CAUSES,
            condition=st.sampled_from([None, *Condition]),
            is_probe=st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_an_alias_is_never_emptied_by_opinions(standings: list[Standing]) -> None:
    back = readmitted(standings, [1] * len(standings))

    assert all(standings[place].is_outlier for place in back)
    if any(one.is_outlier for one in standings):
        assert back or any(one.ok for one in standings)
