from pathlib import Path

import pytest

from history.journal.adoption import adopted
from history.journal.homes import PENDING, abandoned_homes
from history.journal.segments import Segment
from history.journal.writer import Writer
from history.lines import attempt_line, begin_line, end_line
from history.records import Exchange, Outcome
from history.rows import rows_in
from tests.history.exchanges import an_attempt, an_exchange, begun


def left_by_a_dead_process(root: Path, *lines: tuple[str, bytes], segment_bytes: int = 1_000_000) -> Path:
    """The only segment of a journal with these lines."""
    writer = Writer(root, segment_bytes=segment_bytes)
    for id, line in lines:
        writer.note(id, line)
    writer.close()
    return next(root.glob("*/000001.journal"))


def taken_over(root: Path) -> list[Segment]:
    (home,) = abandoned_homes(root)
    segments = adopted(home)
    home.leave()
    return segments


def rows_of(segments: list[Segment]) -> list[Exchange]:
    rows = []
    for segment in segments:
        while (batch := segment.next_batch(500)) is not None:
            rows += rows_in(batch.rows).readable
            segment.cut_to = batch.end
    return rows


def a_begin(exchange: Exchange) -> tuple[str, bytes]:
    return exchange.id, begin_line(begun(exchange))


def an_end(exchange: Exchange) -> tuple[str, bytes]:
    return exchange.id, end_line(exchange)


def test_a_request_without_an_end_was_interrupted_at_the_upstream_that_was_asked(tmp_path: Path) -> None:
    ended, cut = an_exchange(), an_exchange(requested_model="quick", key_name="night job")
    left_by_a_dead_process(tmp_path, a_begin(ended), a_begin(cut), an_end(ended))

    first, second = rows_of(taken_over(tmp_path))

    assert first.id == ended.id
    assert (second.id, second.outcome, second.error_code) == (cut.id, "interrupted", "gateway_died")
    assert (second.requested_model, second.alias, second.key_name) == ("quick", "fast", "night job")
    assert (second.provider, second.model, second.target_id) == ("openai", "gpt-4o", 7)
    (attempt,) = second.attempts
    assert (attempt.number, attempt.provider, attempt.outcome) == (1, "openai", "interrupted")
    assert second.latency_ms >= attempt.latency_ms >= 0
    assert second.usage is None


def test_its_tries_are_those_that_the_journal_tells_of(tmp_path: Path) -> None:
    cut = an_exchange()
    failed = an_attempt(1, outcome=Outcome.FAILED, status=503, condition="overloaded")
    going_on = an_attempt(2, provider="groq", model="llama", outcome=Outcome.INTERRUPTED, status=None)
    left_by_a_dead_process(
        tmp_path, a_begin(cut), (cut.id, attempt_line(cut.id, failed)), (cut.id, attempt_line(cut.id, going_on))
    )

    (row,) = rows_of(taken_over(tmp_path))

    assert [(attempt.number, attempt.outcome, attempt.condition) for attempt in row.attempts] == [
        (1, "failed", "overloaded"),
        (2, "interrupted", "gateway_died"),
    ]
    assert (row.provider, row.model) == ("groq", "llama")


def test_an_end_in_a_later_segment_is_an_end(tmp_path: Path) -> None:
    exchanges = [an_exchange() for _ in range(3)]
    lines = [*map(a_begin, exchanges), *map(an_end, exchanges)]
    left_by_a_dead_process(tmp_path, *lines, segment_bytes=1)

    assert [row.outcome for row in rows_of(taken_over(tmp_path))] == ["ok"] * 3


def test_who_takes_over_after_a_takeover_finds_the_same(tmp_path: Path) -> None:
    left_by_a_dead_process(tmp_path, a_begin(an_exchange()), a_begin(an_exchange()))

    first = rows_of(taken_over(tmp_path))
    second = rows_of(taken_over(tmp_path))

    assert first == second
    assert len(list(tmp_path.glob(f"*/*{PENDING}"))) == 2, "its ends were written once"


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    whole, torn = an_exchange(), an_exchange()
    file = left_by_a_dead_process(tmp_path, a_begin(whole), an_end(whole), a_begin(torn), an_end(torn))
    with file.open("r+b") as segment:
        segment.truncate(file.stat().st_size - 7)

    segments = taken_over(tmp_path)
    rows = {row.id: row.outcome for row in rows_of(segments)}

    assert rows == {whole.id: "ok", torn.id: "interrupted"}
    assert segments[0].damaged == 1
    assert all(segment.is_delivered for segment in segments)


def test_a_damaged_line_in_the_middle_costs_no_other(tmp_path: Path) -> None:
    exchanges = [an_exchange() for _ in range(5)]
    file = left_by_a_dead_process(tmp_path, *map(an_end, exchanges))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)

    segments = taken_over(tmp_path)
    segments[0].next_batch(500)  # which nobody takes: it is cut again

    assert [row.id for row in rows_of(segments)] == [exchanges[number].id for number in (0, 1, 3, 4)]
    assert segments[0].damaged == 1


@pytest.mark.parametrize("size", [0, 5])
def test_a_journal_in_which_nothing_is_whole_is_delivered_as_it_is(tmp_path: Path, size: int) -> None:
    file = left_by_a_dead_process(tmp_path, a_begin(an_exchange()))
    with file.open("r+b") as segment:
        segment.truncate(size)

    segments = taken_over(tmp_path)

    assert rows_of(segments) == []
    assert [segment.is_delivered for segment in segments] == [True]


def test_what_the_database_has_is_not_sent_again(tmp_path: Path) -> None:
    exchanges = [an_exchange() for _ in range(6)]
    left_by_a_dead_process(tmp_path, *map(an_end, exchanges))
    (segment,) = taken_over(tmp_path)
    batches = []
    while (batch := segment.next_batch(1)) is not None:
        batches.append(batch)
        segment.cut_to = batch.end

    segment.cut_to = 0
    segment.written = [(batches[number].start, batches[number].end) for number in (0, 2, 3)]

    assert [row.id for row in rows_of([segment])] == [exchanges[number].id for number in (1, 4, 5)]
    assert segment.is_delivered


def test_a_journal_without_segments_is_removed(tmp_path: Path) -> None:
    left_by_a_dead_process(tmp_path, an_end(an_exchange())).unlink()
    (home,) = abandoned_homes(tmp_path)

    home.remove()

    assert list(tmp_path.iterdir()) == []
