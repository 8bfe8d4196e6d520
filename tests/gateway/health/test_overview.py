"""What all processes show, as one table."""

import pytest

from gateway.health.letters import Sheet, Shown, Trail
from gateway.health.overview import MOST_ROWS, State, bars_of, overview
from gateway.health.trails import SPANS
from routing.health import Health
from tests.routing.health.scenes import START, a_book, answer_well, ask, broken, rate_limited_for, recovered

KEY = "openai/gpt-4o"


def a_sheet(*healths: Health, at: float = START) -> Sheet:
    return Sheet(upstreams=[Shown(told=health.as_told(at)) for health in healths])


def a_well_one() -> Health:
    health = a_book().of(KEY)
    answer_well(health, START)
    return health


def test_states_are_named_as_people_say_them() -> None:
    book = a_book(upstream_cap=1)
    well, resting, full = book.of("a/well"), book.of("a/resting"), book.of("a/full")
    answer_well(well, START)
    ask(resting, START, rate_limited_for(30.0))
    full.begin(START)
    opened, slow = a_book().of("a/open"), a_book().of("a/slow")
    broken(opened)
    until = recovered(slow)

    seen = overview(
        ["a/well", "a/resting", "a/full", "a/open", "a/slow", "a/idle"],
        a_sheet(well, resting, full, opened, at=START + 1),
        [a_sheet(slow, at=until)],
    )

    assert [(row.model, row.state) for row in seen.rows] == [
        ("open", State.OPEN),
        ("resting", State.RESTING),
        ("full", State.FULL),
        ("slow", State.SLOW_START),
        ("well", State.WELL),
        ("idle", State.IDLE),
    ]


def test_the_worst_is_shown_with_how_many_say_so() -> None:
    opened = a_book().of(KEY)
    broken(opened)

    [row] = overview([KEY], a_sheet(a_well_one()), [a_sheet(opened), a_sheet(a_well_one())]).rows

    assert (row.state, row.said_by, row.known_to) == (State.OPEN, 1, 3)


def test_requests_in_flight_are_told_apart_by_where_they_are() -> None:
    here, there = a_well_one(), a_well_one()
    for health, times in ((here, 1), (there, 3)):
        for _ in range(times):
            health.begin(START)

    [row] = overview([KEY], a_sheet(here), [a_sheet(there), a_sheet(there)]).rows

    assert (row.in_flight_here, row.in_flight_elsewhere) == (1, 6)


def test_means_are_weighed_by_the_answers_they_rest_on() -> None:
    busy, calm = a_book().of(KEY), a_book().of(KEY)
    answer_well(busy, START, times=30, takes=1.0)
    answer_well(calm, START, times=10, takes=2.0)

    [row] = overview([KEY], a_sheet(busy), [a_sheet(calm)]).rows

    quick, slow = busy.as_told(START), calm.as_told(START)
    assert quick.first_byte_ms is not None
    assert slow.first_byte_ms is not None
    sums = quick.first_byte_ms * quick.samples + slow.first_byte_ms * slow.samples
    assert row.first_byte_ms == pytest.approx(sums / (quick.samples + slow.samples))
    assert row.first_byte_ms is not None
    assert row.first_byte_ms < (quick.first_byte_ms + slow.first_byte_ms) / 2


def test_what_is_no_more_configured_is_not_shown() -> None:
    seen = overview([], a_sheet(a_well_one()), [])

    assert seen.rows == []


def test_a_table_of_thousands_shows_those_that_matter() -> None:
    opened = a_book().of("p/zzz")
    broken(opened)

    seen = overview([*(f"p/{number}" for number in range(1000)), "p/zzz"], a_sheet(opened), [])

    assert seen.rows[0].key == "p/zzz"
    assert (len(seen.rows), seen.left_out) == (MOST_ROWS, 1001 - MOST_ROWS)
    assert seen.counts == {State.OPEN: 1, State.IDLE: 1000}


def test_an_address_of_its_own_is_told_apart_from_the_model() -> None:
    [row] = overview(["openai/gpt-4o at http://elsewhere/v1"], Sheet(), []).rows

    assert (row.provider, row.model, row.address) == ("openai", "gpt-4o", "http://elsewhere/v1")


def test_bars_stand_on_each_other_and_the_highest_fills_the_chart() -> None:
    quiet = (0,) * (SPANS - 2)

    low, high = bars_of(Trail(first=1, good=(*quiet, 1, 3), bad=(*quiet, 0, 1)))

    assert (low.place, low.good, low.bad) == (SPANS - 2, 25, 0)
    assert (high.place, high.good, high.bad, high.top_of_bad) == (SPANS - 1, 75, 25, 0)
