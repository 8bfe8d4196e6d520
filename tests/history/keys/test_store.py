"""Sums by client key are those that the dashboard's counters have."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from history import store
from history.costs import UNBILLED
from history.dashboard import numbers
from history.figures import total_of
from history.keys.store import SUMS, by_key
from history.models import RequestLog
from history.periods import PERIODS
from history.records import Outcome
from history.scope import Scope
from history.statistics import CALLERS_CODES
from tests.history.exchanges import NOON, a_refused_exchange, an_attempt, an_exchange

pytestmark = pytest.mark.django_db
BILLING: dict[str, Any] = {"key_id": 1, "key_name": "billing"}
OPS: dict[str, Any] = {"key_id": 2, "key_name": "ops"}


def test_each_key_has_its_own_sums_the_busiest_first() -> None:
    store.write(
        [an_exchange(**OPS), an_exchange(**BILLING), an_exchange(**BILLING, outcome=Outcome.FAILED, status=502)]
    )

    billing, ops = by_key(RequestLog.objects.all())

    assert (billing["key_id"], billing["key_name"], billing["requests"], billing["errors"]) == (1, "billing", 2, 1)
    assert (ops["key_id"], ops["key_name"], ops["requests"], ops["errors"]) == (2, "ops", 1, 0)
    assert (ops["input_tokens"], ops["output_tokens"]) == (1000, 500)
    assert ops["cost_usd"] == RequestLog.objects.get(key_name="ops").cost_usd > 0


def test_one_query_asks_for_all_of_them(django_assert_num_queries: Any) -> None:
    store.write([an_exchange(**OPS), an_exchange(**BILLING)])

    with django_assert_num_queries(1):
        by_key(RequestLog.objects.all())


def test_added_up_they_are_what_the_counters_say_of_every_kind_of_ending() -> None:
    """Each outcome with each kind of code, with and without tokens, tries and a cost that is known."""
    codes = ["", "upstream_timeout", min(CALLERS_CODES), min(UNBILLED)]
    endings = [
        an_exchange(outcome=outcome, error_code=code, usage=usage, model=model, attempts=attempts, **key)
        for key in (BILLING, OPS)
        for outcome in Outcome
        for code in codes
        for usage in (an_exchange().usage, None)
        for model in ("gpt-4o", "of-unknown-price")
        for attempts in ((), (an_attempt(model=model),))
    ]
    store.write(endings)

    counted = numbers(Scope(period=PERIODS["1h"]), NOON + timedelta(seconds=20))["total"]
    added = total_of(by_key(RequestLog.objects.all()), list(SUMS))

    assert added == pytest.approx({name: counted[name] for name in SUMS})
    assert added["requests"] == len(endings)
    assert all(added[name] for name in SUMS)


def test_a_key_that_was_renamed_stands_under_both_names() -> None:
    store.write([an_exchange(key_id=1, key_name="old"), an_exchange(key_id=1, key_name="new")])

    assert [(row["key_id"], row["key_name"]) for row in by_key(RequestLog.objects.all())] == [(1, "new"), (1, "old")]


def test_refusals_are_no_failures() -> None:
    store.write([a_refused_exchange(**BILLING)])

    (row,) = by_key(RequestLog.objects.all())

    assert (row["requests"], row["errors"], row["refused"], row["unknown_costs"]) == (1, 0, 1, 0)
    assert row["cost_usd"] == Decimal(0)
