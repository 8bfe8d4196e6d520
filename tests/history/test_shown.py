from decimal import Decimal

import pytest

from history import shown


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, "–"), (0.42, "0.4 ms"), (340.4, "340 ms"), (1_240, "1.24 s"), (61_000, "61 s"), (185_000, "3 min 5 s")],
)
def test_a_duration_has_a_unit_that_fits(milliseconds: float | None, text: str) -> None:
    assert shown.shown_duration(milliseconds) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (None, "–"),
        (Decimal(0), "$0.00"),
        (Decimal("1234.5"), "$1,234.50"),
        (Decimal("0.0123456"), "$0.0123"),
        (Decimal("0.0000015"), "$0.00000150"),
    ],
)
def test_small_costs_keep_three_digits(dollars: Decimal | None, text: str) -> None:
    assert shown.shown_usd(dollars) == text


@pytest.mark.parametrize(
    ("number", "text"), [(950, "950"), (12_345, "12,345"), (1_284_000, "1.28 M"), (3.4e9, "3.4 G")]
)
def test_large_counts_are_shortened(number: float, text: str) -> None:
    assert shown.shown_count(number) == text


@pytest.mark.parametrize(
    ("share", "text"), [(None, "–"), (0.0, "0.0 %"), (0.0001, "< 0.1 %"), (0.0123, "1.2 %"), (1.0, "100 %")]
)
def test_a_share_is_never_rounded_down_to_nothing(share: float | None, text: str) -> None:
    assert shown.shown_share(share) == text
