"""When an upstream is left alone, for how long, and how it comes back."""

import pytest

from providers.verdict import Verdict
from routing.health import Cause, Health
from tests.routing.health.scenes import (
    BROKEN_OFF,
    CALLERS_FAULT,
    FAILURE,
    HARD,
    NO_CONNECTION_IN_TIME,
    NOTHING,
    REFUSED,
    STALL,
    START,
    a_health,
    answer_well,
    ask,
    broken,
    rate_limited,
    recovered,
)


def after(health: Health, *verdicts: Verdict | None) -> Cause | None:
    """What took it out after these answers in a row, a tenth of a second each."""
    now = START
    for verdict in verdicts:
        ask(health, now, verdict, takes=0.1)
        now += 0.1
    standing = health.standing(now)
    return None if standing.ok else standing.cause


@pytest.mark.parametrize(
    ("verdicts", "cause"),
    [
        ((FAILURE, FAILURE), None),
        ((FAILURE, FAILURE, FAILURE), Cause.FAILURES),
        ((FAILURE, FAILURE, None, FAILURE, FAILURE), None),
        ((FAILURE, FAILURE, NOTHING, FAILURE), Cause.FAILURES),
        ((STALL,), None),
        ((STALL, STALL), Cause.STALLS),
        ((STALL, None, STALL), None),
        ((STALL, FAILURE, STALL), Cause.FAILURES),
        ((HARD,), Cause.HARD),
        ((REFUSED, REFUSED, REFUSED), Cause.UNREACHABLE),
        ((None, REFUSED, REFUSED, REFUSED), Cause.UNREACHABLE),
        ((None, NO_CONNECTION_IN_TIME, REFUSED, NO_CONNECTION_IN_TIME), Cause.UNREACHABLE),
        ((BROKEN_OFF, BROKEN_OFF, BROKEN_OFF), Cause.UNREACHABLE),
        ((None, BROKEN_OFF, BROKEN_OFF, BROKEN_OFF), Cause.FAILURES),
        ((None, FAILURE, REFUSED, REFUSED), Cause.FAILURES),
        ((NOTHING,) * 100, None),
        ((CALLERS_FAULT,) * 100, None),
        ((FAILURE, FAILURE, CALLERS_FAULT, FAILURE), Cause.FAILURES),
    ],
)
def test_what_opens_it(verdicts: tuple[Verdict | None, ...], cause: Cause | None) -> None:
    assert after(a_health(), *verdicts) == cause


@pytest.mark.parametrize("seconds", [0.1, 5, 100])
def test_three_failures_in_a_row_open_it_however_far_apart_they_are(seconds: float) -> None:
    health = a_health()
    answer_well(health, START - 10)

    stood = []
    for number in range(3):
        ask(health, START + number * seconds, FAILURE, takes=0.05)
        stood.append(health.standing(START + number * seconds + 0.05).ok)

    assert stood == [True, True, False]


def test_half_of_twenty_failing_opens_it() -> None:
    health = a_health()

    assert after(health, *[None, FAILURE] * 9, None) is None
    assert after(health, FAILURE) is Cause.RATIO


def test_less_than_half_failing_does_not() -> None:
    assert after(a_health(), *[None, None, FAILURE] * 30) is None


def test_failures_of_long_ago_are_no_part_of_the_half() -> None:
    health = a_health()
    after(health, *[None, FAILURE] * 9)

    ask(health, START + 20)
    ask(health, START + 21, FAILURE)

    assert health.standing(START + 22).ok


@pytest.mark.parametrize(("opening", "seconds"), [(1, 5), (2, 10), (3, 15), (4, 15), (10, 15)])
def test_each_opening_in_a_row_lasts_longer_up_to_15_s(opening: int, seconds: float) -> None:
    health = a_health()
    now = broken(health)
    lasted = now - START

    for _ in range(opening - 1):
        begun = now
        ask(health, now, FAILURE, takes=0.0)
        now = health.standing(now).until or 0.0
        lasted = now - begun

    assert 0.8 * seconds <= lasted <= 1.2 * seconds


def test_a_hard_failure_opens_it_for_a_minute() -> None:
    health = a_health()

    ask(health, START, HARD, takes=0.0)

    until = health.standing(START).until
    assert until is not None
    assert 48 <= until - START <= 72


def test_after_a_minute_of_health_the_openings_are_forgotten() -> None:
    health = a_health()
    closed = recovered(health)

    until = broken(health, closed + 61)

    assert until - (closed + 61) <= 6
    assert health.breaker.openings == 1


def test_within_a_minute_they_are_not() -> None:
    health = a_health()
    closed = recovered(health)

    until = broken(health, closed + 59)

    assert until - (closed + 59) >= 8


def test_while_it_is_open_it_says_why_and_for_how_long() -> None:
    health = a_health()
    until = broken(health)

    standing = health.standing(until - 4)

    assert not standing.ok
    assert standing.reason == "failed (server_error), 4 s left"


def test_one_real_request_at_a_time_is_the_probe() -> None:
    health = a_health()
    now = broken(health)

    before = health.standing(now)
    probe = health.begin(now)
    meanwhile = health.standing(now)
    other = health.begin(now)

    assert (before.ok, before.is_probe, meanwhile.ok) == (True, True, False)
    assert (probe.is_probe, other.is_probe) == (True, False)


def test_two_good_probes_close_it() -> None:
    health = a_health()
    now = broken(health)

    ask(health, now, takes=0.1)
    after_one = health.standing(now + 0.1)
    ask(health, now + 0.1, takes=0.1)
    after_two = health.standing(now + 0.2)

    assert (after_one.is_probe, after_two.ok, after_two.is_probe) == (True, True, False)


def test_a_probe_that_was_the_callers_fault_shows_that_it_lives() -> None:
    health = a_health()
    now = broken(health)

    ask(health, now, CALLERS_FAULT, takes=0.1)
    ask(health, now + 0.1, CALLERS_FAULT, takes=0.1)

    assert health.standing(now + 0.2).share == pytest.approx(0.1)


def test_a_bad_probe_opens_it_again() -> None:
    health = a_health()
    now = broken(health)
    ask(health, now, takes=0.1)

    ask(health, now + 0.1, FAILURE, takes=0.1)

    assert not health.standing(now + 0.2).ok


@pytest.mark.parametrize("verdict", [NOTHING, rate_limited()])
def test_a_probe_that_tells_nothing_makes_room_for_the_next(verdict: Verdict) -> None:
    health = a_health()
    now = broken(health)

    ask(health, now, verdict, takes=0.1)

    assert health.standing(now + 20).is_probe


def test_a_probe_whose_client_leaves_makes_room_for_the_next() -> None:
    health = a_health()
    now = broken(health)

    health.begin(now).leave()

    assert health.standing(now).is_probe


def test_a_long_stream_is_a_good_probe_once_it_has_flowed_for_two_seconds() -> None:
    health = a_health()
    now = broken(health)

    health.begin(now).first_byte(now + 0.3)

    assert not health.standing(now + 2.2).ok
    assert health.standing(now + 2.4).is_probe


def test_a_good_probe_whose_stream_breaks_later_opens_it_again() -> None:
    health = a_health()
    now = broken(health)
    stream = health.begin(now)
    stream.first_byte(now)
    health.standing(now + 2)
    ask(health, now + 2, takes=0.1)
    closed = health.standing(now + 2.2).ok

    stream.end(now + 3, FAILURE)

    assert closed
    assert not health.standing(now + 3).ok


def test_the_time_after_a_bad_probe_counts_from_when_it_was_asked() -> None:
    health = a_health()
    now = answer_well(health, START)
    now = broken(health, now)

    health.begin(now)
    given_up = health.standing(now + 3.1)

    assert given_up.cause is Cause.STALLS
    assert given_up.until is not None
    assert given_up.until <= now + 12


def asked_all_the_same(health: Health, *verdicts: Verdict | None) -> Cause | None:
    """What is the matter with the last one of an alias, which is open and was asked nevertheless."""
    answer_well(health, START - 10)
    broken(health)
    for verdict in verdicts:
        health.begin(START).end(START, verdict)
    return health.standing(START).cause


@pytest.mark.parametrize(
    ("verdicts", "cause"),
    [
        ((REFUSED,) * 2, Cause.FAILURES),
        ((REFUSED,) * 3, Cause.UNREACHABLE),
        ((REFUSED, REFUSED, None, REFUSED), Cause.FAILURES),
        ((BROKEN_OFF,) * 19, Cause.FAILURES),
        ((BROKEN_OFF,) * 20, Cause.UNREACHABLE),
        ((None, *(BROKEN_OFF,) * 20), Cause.FAILURES),
        ((FAILURE,) * 100, Cause.FAILURES),
    ],
)
def test_who_is_asked_while_it_is_open_may_turn_out_to_be_gone(
    verdicts: tuple[Verdict | None, ...], cause: Cause
) -> None:
    assert asked_all_the_same(a_health(), *verdicts) == cause


def test_a_probe_that_is_broken_off_shows_that_it_is_gone_where_nothing_has_succeeded_since_it_opened() -> None:
    health = a_health()
    answer_well(health, START - 10)
    now = broken(health)

    health.begin(now).end(now, BROKEN_OFF)

    assert health.standing(now).cause is Cause.UNREACHABLE


def test_requests_begun_before_it_opened_change_nothing() -> None:
    health = a_health()
    bad, good = health.begin(START), health.begin(START)
    now = broken(health)
    openings = health.breaker.openings

    good.end(now - 1)
    bad.end(now - 1, FAILURE)

    assert not health.standing(now - 1).ok
    assert health.breaker.openings == openings


def test_requests_begun_before_it_closed_do_not_open_it_again() -> None:
    health = a_health()
    stuck = [health.begin(START) for _ in range(5)]
    closed = recovered(health)

    for ticket in stuck:
        ticket.end(closed + 30, STALL)

    assert health.standing(closed + 30).ok


def test_after_closing_its_share_grows_from_a_tenth_to_all_in_ten_seconds() -> None:
    health = a_health()
    closed = recovered(health)

    shares = [health.standing(closed + seconds).share for seconds in (0, 5, 10)]

    assert shares == pytest.approx([0.1, 0.55, 1.0], abs=0.01)


def test_one_failure_while_it_starts_slowly_opens_it_again() -> None:
    health = a_health()
    closed = recovered(health)

    ask(health, closed + 5, FAILURE, takes=0.1)

    assert not health.standing(closed + 6).ok


def test_one_failure_after_that_does_not() -> None:
    health = a_health()
    closed = recovered(health)

    ask(health, closed + 11, FAILURE, takes=0.1)

    assert health.standing(closed + 12).ok


class TestALoneUpstream:
    def test_is_asked_on_while_a_third_of_its_answers_fail(self) -> None:
        health = a_health()

        for second in range(300):
            ask(health, START + second / 10, FAILURE if second % 3 == 0 else None, takes=0.05)

            assert health.standing(START + second / 10, is_lone=True).ok

    def test_is_asked_on_after_three_failures_in_a_row(self) -> None:
        health = a_health()
        broken(health)

        assert health.standing(START, is_lone=True).ok
        assert not health.standing(START).ok

    def test_is_left_alone_for_at_most_two_seconds_when_nearly_all_fails(self) -> None:
        health = a_health()

        for _ in range(20):
            ask(health, START, REFUSED, takes=0.0)

        standing = health.standing(START, is_lone=True)
        assert (standing.ok, standing.cause, standing.is_outlier) == (False, Cause.OUTAGE, False)
        assert health.standing(START + 2, is_lone=True).ok

    def test_is_left_alone_soon_when_it_dies_while_it_was_doing_well(self) -> None:
        health = a_health()
        for tenth in range(100):
            ask(health, START - 10 + tenth / 10, takes=0.05)

        stood = [self.stands_after_a_failure(health, START + tenth / 10) for tenth in range(25)]

        assert stood == [True] * 20 + [False] * 5

    def test_is_not_left_alone_by_that_rule_for_one_good_answer_among_them(self) -> None:
        health = a_health()
        for tenth in range(100):
            ask(health, START - 10 + tenth / 10, takes=0.05)

        for tenth in range(25):
            ask(health, START + tenth / 10, None if tenth == 12 else FAILURE, takes=0.0)

        assert health.standing(START + 2.5, is_lone=True).ok

    @staticmethod
    def stands_after_a_failure(health: Health, now: float) -> bool:
        ask(health, now, FAILURE, takes=0.0)
        return health.standing(now, is_lone=True).ok

    def test_makes_the_probe_of_those_who_have_others(self) -> None:
        health = a_health()
        now = broken(health)

        assert health.begin(now).is_probe
