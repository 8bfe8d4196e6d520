import pytest

from routing.kept_guardrails import objection_to_guardrails


@pytest.mark.parametrize(
    "kept", [{}, {"max_latency": "5s", "filters": [{"type": "profanity"}], "cost": 0.1, "on": None}]
)
def test_whatever_a_file_can_hold_is_kept(kept: object) -> None:
    assert objection_to_guardrails(kept) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "Write a JSON object"),
        ({"a": float("nan")}, "Numbers are finite."),
        ({"a": ["\x01"]}, "Remove the control characters"),
        ({"\x01": 1}, "Remove the control characters"),
        ({"a": "x" * 20_001}, "At most 20,000 characters."),
        ({"a": [[[[[[[[1]]]]]]]]}, "At most 8 levels."),
    ],
)
def test_what_no_file_can_hold_is_refused(wrong: object, said: str) -> None:
    assert str(objection_to_guardrails(wrong)).startswith(said)
