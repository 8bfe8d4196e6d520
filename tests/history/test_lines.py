import msgspec
import pytest

from history.lines import (
    LINES_AT_ONCE,
    LONGEST_BYTES,
    Kind,
    Tried,
    attempt_line,
    begin_line,
    end_line,
    ends_in,
    lines_in,
)
from history.records import Begun, Exchange, Outcome
from history.rows import clean, rows_in
from tests.history.exchanges import an_attempt, an_exchange, begun

EXCHANGE = an_exchange()
THREE = begin_line(begun(EXCHANGE)) + attempt_line(EXCHANGE.id, an_attempt()) + end_line(EXCHANGE)


def test_lines_come_back_in_order_with_their_places() -> None:
    lines = list(lines_in(THREE, 1000))

    assert [line.kind for line in lines] == [Kind.BEGIN, Kind.ATTEMPT, Kind.END]
    assert lines[0].start == 1000
    assert [line.start for line in lines[1:]] == [line.end for line in lines[:-1]]
    assert lines[-1].end == 1000 + len(THREE)


def test_a_row_comes_back_as_it_was() -> None:
    (line,) = lines_in(end_line(EXCHANGE), 0)

    assert rows_in(b"[%b]" % line.content).readable == [EXCHANGE]


def test_a_beginning_and_a_try_come_back_as_they_were() -> None:
    beginning, attempt = begun(EXCHANGE), an_attempt(2, outcome=Outcome.FAILED, status=None, condition="timeout")

    first, second = lines_in(begin_line(beginning) + attempt_line(EXCHANGE.id, attempt), 0)

    assert msgspec.json.decode(first.content, type=Begun) == beginning
    assert msgspec.json.decode(second.content, type=Tried) == Tried(EXCHANGE.id, attempt)


@pytest.mark.parametrize("cut", range(1, 400, 7))
def test_a_torn_last_line_is_no_line_yet(cut: int) -> None:
    torn = THREE[:-cut]

    whole = list(lines_in(torn, 0))

    assert len(whole) < 3
    assert all(line.kind is not None for line in whole)


@pytest.mark.parametrize("place", range(0, len(THREE) - 1, 11))
def test_a_damaged_byte_costs_its_line_and_no_other(place: int) -> None:
    damaged = bytearray(THREE)
    damaged[place] ^= 0x01

    kinds = [line.kind for line in lines_in(bytes(damaged), 0)]

    assert kinds.count(None) in (1, 2), "a newline that went, or came, makes one line of two, or two of one"
    assert len([kind for kind in kinds if kind is not None]) == len(THREE.splitlines()) - (1 if len(kinds) > 2 else 2)


@pytest.mark.parametrize("place", range(0, len(THREE) - 1, 11))
def test_ends_are_those_of_the_lines(place: int) -> None:
    damaged = bytearray(THREE * 3)
    damaged[place] ^= 0x01
    lines = list(lines_in(bytes(damaged), 50))

    ends = ends_in(bytes(damaged), 50, most=10)

    assert ends.rows == [line.content for line in lines if line.kind is Kind.END]
    assert ends.damaged == [(line.start, line.end) for line in lines if line.kind is None]
    assert ends.end == lines[-1].end == 50 + len(damaged)


def test_ends_stop_at_the_last_one_that_is_wanted() -> None:
    ends = ends_in(THREE * 3, 0, most=2)

    assert (len(ends.rows), ends.end) == (2, 2 * len(THREE))


def test_others_may_run_while_many_lines_are_looked_at() -> None:
    pauses: list[None] = []
    lines = THREE * LINES_AT_ONCE

    ends = ends_in(lines, 0, most=len(lines), let_others_run=lambda: pauses.append(None))

    assert len(ends.rows) == LINES_AT_ONCE
    assert len(pauses) == len(THREE.splitlines())


def test_two_halves_of_different_lines_are_damaged() -> None:
    first, *_, last = THREE.splitlines(keepends=True)

    (line,) = lines_in(first[:40] + last[-40:], 0)

    assert line.kind is None


def test_a_name_that_utf8_cannot_hold_is_written_without_it() -> None:
    odd = msgspec.structs.replace(begun(EXCHANGE), requested_model="a\ud800b")

    (line,) = lines_in(begin_line(odd), 0)

    assert msgspec.json.decode(line.content)["requested_model"] == "a?b"


def test_nor_in_a_try_of_the_end() -> None:
    odd = an_exchange(attempts=(an_attempt(error="a\ud800b"),))

    (row,) = ends_in(end_line(odd), 0, 1).rows

    assert msgspec.json.decode(row, type=Exchange).attempts[0].error == "a?b"


@pytest.mark.parametrize("letter", ["x", "é", "\0", "\N{GRINNING FACE}"])
def test_a_line_is_bounded_whatever_it_tells(letter: str) -> None:
    long = letter * 20_000
    exchange = an_exchange(
        requested_model=long,
        error=long,
        left_out=long,
        attempts=tuple(an_attempt(number, error=long, url=long) for number in range(1, 6)),
    )

    lines = [begin_line(msgspec.structs.replace(begun(exchange), requested_model=long)), end_line(exchange)]

    assert max(map(len, lines)) < LONGEST_BYTES + 50
    (row,) = ends_in(lines[1], 0, 1).rows
    kept = msgspec.json.decode(row, type=Exchange)
    assert (kept.id, kept.outcome, len(kept.attempts)) == (exchange.id, Outcome.OK, 5)
    assert kept.error.startswith(clean(letter * 16, 16))


def test_what_fits_is_not_cut() -> None:
    exchange = an_exchange(error="x" * 2_500)

    (row,) = ends_in(end_line(exchange), 0, 1).rows

    assert msgspec.json.decode(row)["error"] == exchange.error
