"""What the judges look at."""

from __future__ import annotations

import pytest

from benchmarks.chaos.errands import PRICES
from benchmarks.chaos.evidence import (
    Evidence,
)
from tests.chaos.evidence import answered, counted


@pytest.fixture
def evidence() -> Evidence:
    """Three requests to which nothing happened, numbered from 1."""
    numbers = range(1, 4)
    whole = Evidence(prices=PRICES, statistics=counted(numbers))
    for one in map(answered, numbers):
        whole.errands |= one.errands
        for story in ("said", "arrivals", "requests", "attempts"):
            getattr(whole, story).extend(getattr(one, story))
    return whole
