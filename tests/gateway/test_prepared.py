from decimal import Decimal

import pytest

from gateway.prepared import Limits, prepare, shown
from providers.pricing import Price
from providers.timeouts import Timeouts
from routing.table import Upstream

LIMITS = Limits(
    connect_seconds=3,
    first_byte_seconds=60,
    idle_seconds=61,
    semantic_idle_seconds=180,
    answer_seconds=300,
    stream_seconds=3600,
)


def an_upstream(**fields: object) -> Upstream:
    return Upstream(key="a/b", provider="a", model="b", urls={}, **fields)  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"auth": "bearer"}, (b"authorization", b"Bearer secret")),
        ({"auth": "x-api-key"}, (b"x-api-key", b"secret")),
        ({"auth": "header", "auth_header": "Api-Key"}, (b"api-key", b"secret")),
    ],
)
def test_the_credential_stands_where_the_authentication_says(
    auth: dict[str, str], expected: tuple[bytes, bytes]
) -> None:
    prepared = prepare(an_upstream(**auth), credential="secret", limits=LIMITS)

    assert [pair for pair in prepared.headers.pairs if b"secret" in pair[1]] == [expected]


@pytest.mark.parametrize("auth", ["bearer", "x-api-key", "header", "none"])
def test_without_a_credential_no_header_speaks_of_one(auth: str) -> None:
    prepared = prepare(an_upstream(auth=auth, auth_header="api-key"), credential="", limits=LIMITS)

    assert [name for name, _ in prepared.headers.pairs] == [b"content-type", b"user-agent"]


def test_extra_headers_take_the_place_of_ours_but_never_of_the_credential() -> None:
    upstream = an_upstream(headers={"User-Agent": "house", "AUTHORIZATION": "Bearer other"})

    headers = dict(prepare(upstream, credential="secret", limits=LIMITS).headers.pairs)

    assert headers == {
        b"content-type": b"application/json",
        b"user-agent": b"house",
        b"authorization": b"Bearer secret",
    }


def test_a_whole_answer_has_one_deadline_and_a_stream_has_several() -> None:
    prepared = prepare(an_upstream(), credential="", limits=LIMITS)

    assert prepared.for_streams == Timeouts(
        connect_seconds=3, first_byte_seconds=60, idle_seconds=61, total_seconds=3600
    )
    assert prepared.for_answers == Timeouts(
        connect_seconds=3, first_byte_seconds=300, idle_seconds=300, total_seconds=300
    )


def test_a_providers_own_deadlines_come_first() -> None:
    upstream = an_upstream(
        connect_timeout_seconds=1,
        first_byte_timeout_seconds=2,
        idle_timeout_seconds=4,
        answer_timeout_seconds=5,
    )

    prepared = prepare(upstream, credential="", limits=LIMITS)

    streams, answers = prepared.for_streams, prepared.for_answers
    assert (streams.connect_seconds, streams.first_byte_seconds, streams.idle_seconds) == (1, 2, 4)
    assert (answers.connect_seconds, answers.idle_seconds, answers.total_seconds) == (1, 5, 5)


def test_a_price_of_ones_own_needs_both_halves() -> None:
    priced = an_upstream(input_usd_per_mtok="3", output_usd_per_mtok="12.5", cached_input_usd_per_mtok="0.3")
    half = an_upstream(input_usd_per_mtok="3")

    assert prepare(priced, credential="", limits=LIMITS).price == Price(
        input_usd_per_mtok=Decimal(3),
        output_usd_per_mtok=Decimal("12.5"),
        cached_input_usd_per_mtok=Decimal("0.3"),
    )
    assert prepare(half, credential="", limits=LIMITS).price is None


def test_a_name_in_a_header_is_plain_and_short() -> None:
    assert shown("meta-llama/llama-3.3_70b:free@2") == "meta-llama/llama-3.3_70b:free@2"
    assert shown("a\r\nx-evil: 1") == "a%0D%0Ax-evil:%201"
    assert len(shown("é" * 300)) == 256


def test_a_credential_is_not_shown_where_the_value_is_printed() -> None:
    assert "secret" not in repr(prepare(an_upstream(), credential="secret", limits=LIMITS))
