from datetime import timedelta
from decimal import Decimal

import pytest

from history.latency import COLUMNS, column_of
from history.records import Exchange, Outcome
from history.statistics import Bucket, Number, Sums, tally
from tests.history.exchanges import NOON, a_refused_exchange, an_attempt, an_exchange


def tallied(*exchanges: Exchange, cost_usd: str | None = "0.01") -> dict[Bucket, dict[str, Number]]:
    """Of each bucket the counters that move."""
    cost = None if cost_usd is None else Decimal(cost_usd)
    return {bucket: moved(sums) for bucket, sums in tally((exchange, cost) for exchange in exchanges)}


def moved(sums: Sums) -> dict[str, Number]:
    numbers = zip((*Sums.COUNTERS, *COLUMNS), (*sums.counters(), *sums.latencies), strict=True)
    return {name: number for name, number in numbers if number}


def of_hour(tallied: dict[Bucket, dict[str, Number]], provider: str = "openai") -> dict[str, Number]:
    (counts,) = (counts for bucket, counts in tallied.items() if bucket[0] == "hour" and bucket.provider == provider)
    return counts


def test_a_request_counts_in_its_minute_and_in_its_hour() -> None:
    buckets = list(tallied(an_exchange()))

    assert [(bucket.resolution, bucket.bucket_start) for bucket in buckets] == [
        ("hour", NOON.replace(minute=0, second=0).timestamp()),
        ("minute", NOON.replace(second=0).timestamp()),
    ]


def test_requests_of_one_target_add_up() -> None:
    counts = of_hour(tallied(an_exchange(), an_exchange(), an_exchange(latency_ms=5_000.0)))

    assert counts["requests"] == counts["attempts"] == 3
    assert counts["latency_120ms"] == 2
    assert counts["latency_5120ms"] == 1
    assert counts["input_tokens"] == 3_000
    assert counts["cost_usd"] == Decimal("0.03")


def test_a_failed_try_counts_where_it_was_and_the_request_where_it_ended() -> None:
    failed = an_attempt(1, provider="groq", outcome=Outcome.FAILED, status=None)

    counts = tallied(an_exchange(attempts=(failed, an_attempt(2))))

    assert of_hour(counts, "groq") == {"attempts": 1, "attempt_failures": 1}
    assert of_hour(counts, "openai")["requests"] == 1
    assert "attempt_failures" not in of_hour(counts, "openai")


def test_a_refused_request_counts_under_no_target_and_without_a_latency() -> None:
    counts = of_hour(tallied(a_refused_exchange(), cost_usd=None), provider="")

    assert counts == {"requests": 1, "refused": 1}


def test_a_model_that_could_not_be_asked_has_an_error_and_no_latency() -> None:
    unavailable = an_exchange(alias="", outcome=Outcome.FAILED, status=503, latency_ms=0.4, usage=None, attempts=())

    counts = of_hour(tallied(unavailable, cost_usd=None))

    assert counts == {"requests": 1, "errors": 1}


def test_a_client_that_leaves_is_nobodys_error() -> None:
    counts = of_hour(tallied(an_exchange(outcome=Outcome.CANCELLED, status=499)))

    assert counts["cancelled"] == 1
    assert "errors" not in counts


def test_an_unknown_price_is_counted_and_not_taken_for_zero() -> None:
    counts = of_hour(tallied(an_exchange(), cost_usd=None))

    assert counts["unknown_costs"] == 1
    assert "cost_usd" not in counts


def test_an_answer_that_was_left_before_its_tokens_were_named_has_an_unknown_cost() -> None:
    left = an_exchange(outcome=Outcome.CANCELLED, status=499, usage=None)
    broken = an_exchange(outcome=Outcome.INTERRUPTED, usage=None)

    counts = of_hour(tallied(left, broken, cost_usd=None))

    assert counts["unknown_costs"] == 2


@pytest.mark.parametrize("what", ["rejected", "context_length", "content_filter"])
def test_what_the_upstream_found_wrong_with_a_request_is_refused_and_no_error(what: str) -> None:
    rejected = an_attempt(1, outcome=Outcome.FAILED, status=400, condition=what)
    exchange = an_exchange(
        outcome=Outcome.FAILED, status=400, error_code=f"upstream_{what}", usage=None, attempts=(rejected,)
    )

    counts = of_hour(tallied(exchange, cost_usd=None))

    assert counts["refused"] == 1
    assert not counts.keys() & {"errors", "attempt_failures", "unknown_costs"}


def test_buckets_come_sorted_so_that_workers_never_wait_in_a_circle() -> None:
    late, early = an_exchange(NOON + timedelta(hours=1), alias="a"), an_exchange(alias="z")

    buckets = list(tallied(late, early))

    assert buckets == sorted(buckets)


def test_hours_are_the_sums_of_their_minutes() -> None:
    exchanges = [an_exchange(NOON + timedelta(minutes=number), latency_ms=number) for number in range(0, 90, 7)]

    sums = tally((exchange, Decimal("0.01")) for exchange in exchanges)

    for number in range(len(sums[0][1].counters())):
        hours, minutes = (
            sum(one.counters()[number] for bucket, one in sums if bucket.resolution == resolution)
            for resolution in ("hour", "minute")
        )
        assert hours == pytest.approx(minutes)
    assert [bucket.resolution for bucket, _ in sums].count("hour") == 2
    assert sum(sum(one.latencies) for bucket, one in sums if bucket.resolution == "hour") == len(exchanges)


@pytest.mark.parametrize("latency_ms", [0.0, 9.99, 10.0, 10.01, 479.9, 480.0, 600_000.0, 600_000.1, 1e9])
def test_a_latency_counts_where_its_column_is(latency_ms: float) -> None:
    counts = of_hour(tallied(an_exchange(latency_ms=latency_ms)))

    assert counts[column_of(latency_ms)] == 1


def test_a_try_that_was_given_up_for_a_quicker_one_is_no_failure_and_of_unknown_cost() -> None:
    late = an_attempt(1, provider="groq", outcome=Outcome.CANCELLED, status=None)

    counts = tallied(an_exchange(attempts=(late, an_attempt(2))))

    assert of_hour(counts, "groq") == {"attempts": 1, "unknown_costs": 1}
    assert "unknown_costs" not in of_hour(counts, "openai")


def test_a_client_that_leaves_two_tries_leaves_two_unknown_costs() -> None:
    both = (
        an_attempt(1, provider="groq", outcome=Outcome.CANCELLED, status=None),
        an_attempt(2, outcome=Outcome.CANCELLED, status=None),
    )

    counts = tallied(an_exchange(outcome=Outcome.CANCELLED, status=499, usage=None, attempts=both), cost_usd=None)

    assert of_hour(counts, "groq")["unknown_costs"] == of_hour(counts, "openai")["unknown_costs"] == 1
