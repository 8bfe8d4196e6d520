import json
from decimal import Decimal

from history.rows import clean, price_in, row_of, usage_in
from tests.history.exchanges import USAGE, a_refused_exchange, an_exchange, own_price


def test_a_row_survives_json() -> None:
    row = row_of(an_exchange(price=own_price("0.15", "0.60"), first_byte_ms=12.5))

    assert json.loads(json.dumps(row)) == row


def test_tokens_and_prices_come_back_as_they_were() -> None:
    price = own_price("0.15", "0.60")

    row = json.loads(json.dumps(row_of(an_exchange(usage=USAGE, price=price))))

    assert usage_in(row) == USAGE
    assert price_in(row) == price
    assert isinstance(row["price"]["input_usd_per_mtok"], str), "a float would not be the price"
    assert Decimal(row["price"]["input_usd_per_mtok"]) == Decimal("0.15")


def test_no_tokens_and_no_price_stay_none() -> None:
    row = row_of(a_refused_exchange())

    assert usage_in(row) is None
    assert price_in(row) is None


def test_text_loses_what_no_database_holds() -> None:
    assert clean("a\0b\ud800c", 10) == "a\N{REPLACEMENT CHARACTER}b?c"


def test_text_is_cut_to_the_column() -> None:
    assert clean("é" * 300, 256) == "é" * 256
