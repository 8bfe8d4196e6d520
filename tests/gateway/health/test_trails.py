"""The small charts: what happened in each ten seconds of the last five minutes."""

from gateway.health.letters import Trail
from gateway.health.trails import SPANS, Trails, laid_together
from tests.routing.health.scenes import FAILURE, START, a_book, ask

KEY = "openai/gpt-4o"
EPOCH = 1_000_000.0


def test_what_happens_between_two_looks_is_counted_in_the_span_of_the_second() -> None:
    book, trails = a_book(), Trails()
    ask(book.of(KEY), START)
    trails.look(book, EPOCH)
    ask(book.of(KEY), START + 10)
    ask(book.of(KEY), START + 10, FAILURE)
    trails.look(book, EPOCH + 10)

    trail = trails.of(KEY)

    assert (trail.good[-2:], trail.bad[-2:]) == ((1, 1), (0, 1))
    assert len(trail.good) == SPANS


def test_after_five_minutes_it_is_forgotten() -> None:
    book, trails = a_book(), Trails()
    ask(book.of(KEY), START)
    trails.look(book, EPOCH)

    trails.look(book, EPOCH + 300)

    assert trails.of(KEY) == Trail()


def test_an_upstream_that_was_forgotten_and_met_again_counts_from_nothing() -> None:
    book, trails = a_book(), Trails()
    for _ in range(3):
        ask(book.of(KEY), START)
    trails.look(book, EPOCH)
    book.keep_only(set())
    ask(book.of(KEY), START)

    trails.look(book, EPOCH + 10)

    assert trails.of(KEY).good[-2:] == (3, 0)


def test_of_upstreams_that_are_gone_nothing_is_kept() -> None:
    book, trails = a_book(), Trails()
    ask(book.of(KEY), START)
    trails.look(book, EPOCH)
    book.keep_only(set())

    trails.keep_only(book.keys)

    assert trails.of(KEY) == Trail()


def test_trails_of_several_processes_are_laid_over_each_other_by_the_clock() -> None:
    one = Trail(first=100, good=(1,) * SPANS, bad=(0,) * SPANS)
    later = Trail(first=101, good=(10,) * SPANS, bad=(1,) * SPANS)

    together = laid_together([one, Trail(), later])

    assert together.first == 101
    assert together.good == (11,) * (SPANS - 1) + (10,)
    assert sum(together.bad) == SPANS
