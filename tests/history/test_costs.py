"""What may have been billed although nobody named its tokens."""

import pytest

from history.costs import may_be_billed


@pytest.mark.parametrize(
    ("outcome", "error_code", "tries"),
    [
        ("ok", "", 1),
        ("cancelled", "client_closed", 1),
        ("interrupted", "upstream_disconnected", 1),
        ("failed", "upstream_timeout", 2),
        ("failed", "upstream_incomplete", 1),
    ],
)
def test_what_was_sent_and_not_refused_may_be_billed(outcome: str, error_code: str, tries: int) -> None:
    assert may_be_billed(outcome=outcome, error_code=error_code, tries=tries)


@pytest.mark.parametrize(
    ("outcome", "error_code", "tries"),
    [
        ("refused", "model_not_found", 0),
        ("cancelled", "client_closed", 0),
        ("failed", "upstream_connect_error", 1),
        ("failed", "upstream_rate_limited", 1),
        ("failed", "upstream_rejected", 1),
        ("failed", "upstream_context_length", 1),
        ("failed", "upstream_content_filter", 1),
    ],
)
def test_what_never_arrived_or_was_turned_down_costs_nothing(outcome: str, error_code: str, tries: int) -> None:
    assert not may_be_billed(outcome=outcome, error_code=error_code, tries=tries)
