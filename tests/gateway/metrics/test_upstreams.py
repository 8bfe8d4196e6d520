"""What /metrics tells of each upstream."""

from prometheus_client.parser import text_string_to_metric_families

from gateway.health.letters import Sheet, Shown
from gateway.metrics.exposition import exposition
from gateway.metrics.report import Present, Recorded, Report, summed
from gateway.metrics.totals import Totals
from gateway.metrics.upstreams import MOST_UPSTREAMS, UpstreamFigures, all_figures, figures_of, labels_of
from routing.health import Health
from tests.routing.health.scenes import START, a_book, answer_well, ask, broken, rate_limited, recovered

KEY = "openai/gpt-4o"


def figures(health: Health, at: float = START) -> dict[str, UpstreamFigures]:
    return figures_of(Sheet(upstreams=[Shown(told=health.as_told(at))]))


def test_one_that_is_well_gets_all_of_its_weight() -> None:
    health = a_book().of(KEY)
    answer_well(health, START)
    health.begin(START)

    assert figures(health) == {KEY: UpstreamFigures(standing=1.0, in_flight=1)}


def test_one_that_is_left_alone_gets_nothing_also_while_it_is_probed() -> None:
    health = a_book().of(KEY)
    until = broken(health)

    assert figures(health)[KEY].standing == 0
    assert figures(health, until + 1)[KEY].standing == 0
    assert figures(health)[KEY].opened == 1


def test_one_that_comes_back_gets_a_share() -> None:
    health = a_book().of(KEY)
    now = recovered(health)

    assert 0 < figures(health, now + 5)[KEY].standing < 1


def test_rests_are_counted() -> None:
    health = a_book().of(KEY)
    ask(health, START, rate_limited())

    assert figures(health)[KEY] == UpstreamFigures(standing=0.0, rests=1)


def test_of_several_processes_the_least_standing_and_the_sums() -> None:
    one = {KEY: UpstreamFigures(standing=1.0, in_flight=2, opened=1, rests=1)}
    other = {KEY: UpstreamFigures(standing=0.4, in_flight=3, opened=2)}

    assert all_figures([(one, True), (other, True)]) == {
        KEY: UpstreamFigures(standing=0.4, in_flight=5, opened=3, rests=1)
    }


def test_of_a_dead_process_only_what_was_counted_stays() -> None:
    dead = {KEY: UpstreamFigures(standing=0.0, in_flight=2, opened=1)}

    assert all_figures([(dead, False)]) == {KEY: UpstreamFigures(standing=1.0, in_flight=0, opened=1)}


def test_there_are_only_so_many() -> None:
    many = {f"p/{number}": UpstreamFigures() for number in range(MOST_UPSTREAMS + 100)}

    assert len(all_figures([(many, True)])) == MOST_UPSTREAMS


def test_a_key_is_read_as_provider_model_and_address() -> None:
    assert labels_of("openrouter/meta/llama:free") == ["openrouter", "meta/llama:free", ""]
    assert labels_of("openai/gpt-4o at http://elsewhere/v1") == ["openai", "gpt-4o", "http://elsewhere/v1"]


def test_prometheus_reads_them() -> None:
    health = a_book().of(KEY)
    broken(health)
    report = Report(written_at=1.0, totals=Totals(), recorded=Recorded(), present=Present(), upstreams=figures(health))

    text = exposition(summed([report], now=1.0)).decode()

    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels == {"provider": "openai", "model": "gpt-4o", "address": ""}
    }
    assert found == {
        "plexus_upstream_standing": 0,
        "plexus_upstream_in_flight": 0,
        "plexus_upstream_opened_total": 1,
        "plexus_upstream_rests_total": 0,
    }
