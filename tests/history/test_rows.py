from typing import Any

import msgspec
import pytest
from django.db.models import CharField

from history.models import AttemptLog, RequestLog
from history.records import Attempt, Exchange
from history.rows import LONGEST, OfAnotherRelease, clean, rows_in
from tests.history.exchanges import USAGE, a_refused_exchange, an_attempt, an_exchange, as_told, own_price


def text_of(*rows: Exchange | dict[str, Any]) -> str:  # Any: JSON
    return msgspec.json.encode(rows).decode()


def test_a_row_survives_json() -> None:
    exchange = an_exchange(price=own_price("0.15", "0.60"), usage=USAGE, first_byte_ms=12.5)

    assert rows_in(text_of(exchange)).readable == [exchange]


def test_a_price_is_text_in_json_for_a_float_would_not_be_the_price() -> None:
    assert '"input_usd_per_mtok":"0.15"' in text_of(an_exchange(price=own_price("0.15", "0.60")))


def test_no_tokens_and_no_price_stay_none() -> None:
    (row,) = rows_in(text_of(a_refused_exchange())).readable

    assert row.usage is None
    assert row.price is None


def test_texts_lose_what_no_database_holds_and_what_is_longer_than_their_column() -> None:
    long = an_exchange(key_name="é" * 300, attempts=(an_attempt(url="u" * 3_000, error="a\0b"),))

    rows = rows_in(text_of(an_exchange(), long))

    assert rows.unreadable == []
    assert len(rows.readable[0].attempts) == 1
    mended = rows.readable[1]
    assert mended.key_name == "é" * 128
    assert mended.attempts[0].url == "u" * 2_000
    assert mended.attempts[0].error == "a\N{REPLACEMENT CHARACTER}b"


def test_a_text_with_a_backslash_is_no_text_with_a_nul() -> None:
    exchange = an_exchange(error="\\u0000")

    assert rows_in(text_of(exchange)).readable == [exchange]


def test_a_row_with_a_wrong_value_is_none_and_the_others_are() -> None:
    good, broken = an_exchange(), as_told(an_exchange(), latency_ms=None)

    rows = rows_in(text_of(good, broken))

    assert rows.readable == [good]
    (unreadable,) = rows.unreadable
    assert (unreadable.id, msgspec.json.decode(unreadable.text)) == (broken["id"], broken)
    assert "latency_ms" in unreadable.reason


@pytest.mark.parametrize("row", [None, 7, [], {}, {"id": ["x"]}, {"outcome": []}])
def test_what_is_not_even_like_a_row_is_unreadable(row: Any) -> None:  # Any: JSON
    rows = rows_in(msgspec.json.encode([row]))

    assert (len(rows.readable), len(rows.unreadable)) == (0, 1)


def test_a_name_of_another_release_is_not_passed_over() -> None:
    attempt = msgspec.to_builtins(an_attempt()) | {"region": "eu"}

    with pytest.raises(OfAnotherRelease, match="Attempt has no “region”"):
        rows_in(text_of(an_exchange(), as_told(an_exchange(), attempts=[attempt])))


def test_text_loses_what_no_database_holds() -> None:
    assert clean("a\0b\ud800c", 10) == "a\N{REPLACEMENT CHARACTER}b?c"


def test_text_is_cut_to_the_column() -> None:
    assert clean("é" * 300, 256) == "é" * 256


def test_no_text_is_longer_than_its_column() -> None:
    columns = {
        kind: {
            field.name: field.max_length
            for field in model._meta.concrete_fields
            if isinstance(field, CharField) and field.name not in ("id", "outcome")
        }
        for kind, model in ((Exchange, RequestLog), (Attempt, AttemptLog))
    }

    assert {kind: {name: LONGEST[kind][name] for name in columns[kind]} for kind in columns} == columns
