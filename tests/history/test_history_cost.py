from pathlib import Path

import pytest

from benchmarks.history_cost import REQUESTS, measured
from history.models import AttemptLog, RequestLog


@pytest.mark.django_db
def test_the_cost_of_history_is_measured_on_requests_that_reach_the_database(tmp_path: Path) -> None:
    figures = measured(tmp_path, rounds=2)

    assert len(figures) == 4
    assert all(0 < microseconds < 5_000 for microseconds in figures.values())
    assert RequestLog.objects.filter(alias="fast", cost_usd__gt=0).count() == 2 * REQUESTS
    assert AttemptLog.objects.filter(upstream_request_id__startswith="req_").count() == 2 * REQUESTS
