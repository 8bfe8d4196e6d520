import msgspec
import pytest

from history.lines import Kind, attempt_line, begin_line, end_line, lines_in, rows_in
from history.rows import row_of
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

    assert rows_in(b"[%b]" % line.content) == [row_of(EXCHANGE)]


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


def test_two_halves_of_different_lines_are_damaged() -> None:
    first, *_, last = THREE.splitlines(keepends=True)

    (line,) = lines_in(first[:40] + last[-40:], 0)

    assert line.kind is None


def test_a_name_that_utf8_cannot_hold_is_written_without_it() -> None:
    odd = msgspec.structs.replace(begun(EXCHANGE), requested_model="a\ud800b")

    (line,) = lines_in(begin_line(odd), 0)

    assert msgspec.json.decode(line.content)["requested_model"] == "a?b"
