import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.retry_after import retry_after_seconds, told_seconds

NOW = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": ".5"}, 0.5),
        ({"retry-after": "3."}, 3),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "+7"}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "1e1"}, 10),
        ({"retry-after": "86400"}, 300),
        ({"retry-after": "1e9"}, 300),
        ({"retry-after": "1e999"}, 300),
        ({"retry-after": "99999999999999999999"}, 300),
        ({"retry-after": "2, 9"}, 2),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "no", "retry-after": "9"}, 9),
        ({"retry-after-ms": "-1", "retry-after": "9"}, 9),
        ({"retry-after-ms": "1e999"}, 300),
        ({"retry-after-ms": "0"}, 0),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"x-ms-retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "100", "x-ms-retry-after-ms": "250"}, 0.1),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": NOW}, 30),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 +0000", "date": NOW}, 30),
        ({"retry-after": "Wednesday, 21-Oct-26 07:28:30 GMT", "date": NOW}, 30),
        ({"retry-after": "Thu, 22 Oct 2026 07:28:00 GMT", "date": NOW}, 300),
        ({"retry-after": NOW, "date": NOW}, 0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:00 GMT", "date": NOW}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "now"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30", "date": NOW}, None),
        ({"retry-after": "Wed, 21 Oct 99999999999 07:28:30 GMT", "date": NOW}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1_0"}, None),
        ({"retry-after": "٧"}, None),
        ({"retry-after": "0x10"}, None),
        ({"retry-after": "30s"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ", 3"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_a_wait_is_read_or_left(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_of_two_headers_the_first_counts() -> None:
    headers = httpx.Headers([("Retry-After", "3"), ("Retry-After", "90")])

    assert retry_after_seconds(headers) == 3


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text(max_size=40)))
def test_any_header_is_a_wait_within_bounds_or_none(headers: dict[str, str]) -> None:
    seconds = retry_after_seconds(headers)

    assert seconds is None or 0 <= seconds <= 300


@pytest.mark.parametrize(
    ("remaining", "told"),
    [([], None), ([0], 1), ([0.2], 1), ([7.1, 3.2, 60], 4), ([30], 30), ([30.1], 30), ([300], 30)],
)
def test_a_caller_is_told_to_come_back_when_the_first_upstream_may_be_asked_again(
    remaining: list[float], told: int | None
) -> None:
    assert told_seconds(remaining) == told
