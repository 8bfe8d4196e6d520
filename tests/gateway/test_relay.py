"""A relay between an upstream's bytes, split anywhere, and a client."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast

import msgspec
import pytest

from gateway.draft import Draft, Moment
from gateway.prepared import prepare
from gateway.relay import Relay
from gateway.runtime import Runtime
from history.records import Exchange, Outcome
from providers.client import UpstreamResponse
from providers.errors import Disconnected, EmptyAnswer, Incomplete, ProtocolError, UpstreamError, UpstreamOverloaded
from providers.wire import FORMATS
from providers.wire.splice import read_call
from routing.step import Step
from routing.table import Route, Upstream
from tests.gateway.test_prepared import LIMITS

GOOD = (
    b'data: {"model":"m","choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
    b": a comment\r\n\r\n"
    b'data: {"model":"m","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
    b'data: {"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"model":"m","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1}}\n\n'
    b"data: [DONE]\n\n"
)
FIRST = GOOD[: GOOD.index(b": a comment")]
SPOKEN = GOOD[: GOOD.index(b'data: {"model":"m","choices":[{"index":0,"delta":{},')]
USAGE = b'data: {"model":"m","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1}}\n\n'
REPORTED = (
    GOOD[: GOOD.index(b'data: {"model":"m","choices":[{"index":0,"delta":{},')]
    + b'data: {"error":{"message":"no"}}\n\n'
)


class Body:
    """The part of an answer's body that a relay needs."""

    is_said = False
    is_closed = False

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    def await_first(self) -> None:
        pass

    async def aclose(self) -> None:
        self.is_closed = True


class Response:
    """An upstream's answer that arrives in these pieces, and may break off."""

    status_code = 200
    headers: Mapping[str, str] = {}

    def __init__(self, pieces: Sequence[bytes], *, breaks: bool = False) -> None:
        self.stream = Body(self._pieces(pieces, breaks))

    async def _pieces(self, pieces: Sequence[bytes], breaks: bool) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
        if breaks:
            raise Disconnected("The upstream closed the connection.")


class Present:
    """The part of a runtime that a relay needs."""

    max_answer_bytes = 1_000_000

    def __init__(self) -> None:
        self.recorded: list[Exchange] = []

    def clock(self) -> float:
        return 1.0

    def record(self, exchange: Exchange) -> None:
        self.recorded.append(exchange)


def a_relay(
    response: Response,
    present: Present,
    *,
    credential: str = "",
    wants_usage_chunk: bool = False,
    **route: Any,  # Any: any field of Route
) -> Relay:
    draft = Draft(id="0199", began=Moment(epoch=1_760_000_000, monotonic=1), api_type="chat")
    upstream = Upstream(key="a/b", provider="a", model="b", urls={})
    draft.begin_attempt(Step(upstream=upstream, target_id=1, via="fast"), "http://a", None, present.clock())
    draft.route = Route(name="fast", id=1, **route)
    prepared = prepare(upstream, credential=credential, limits=LIMITS)
    call = read_call(b'{"model":"fast","messages":[{}],"stream":true}', FORMATS["chat"])
    call = msgspec.structs.replace(call, wants_usage_chunk=wants_usage_chunk)
    return Relay(
        cast("UpstreamResponse", response), prepared=prepared, call=call, draft=draft, runtime=cast("Runtime", present)
    )


async def relayed(pieces: Sequence[bytes], *, breaks: bool = False, **options: Any) -> tuple[list[bytes], Exchange]:
    present = Present()
    relay = a_relay(Response(pieces, breaks=breaks), present, **options)
    await relay.open()
    sent = [piece async for piece in relay]
    await relay.aclose()
    (exchange,) = present.recorded
    return sent, exchange


async def test_every_split_of_the_upstreams_bytes_gives_the_client_the_same_whole_events() -> None:
    for place in range(len(GOOD) + 1):
        sent, exchange = await relayed([GOOD[:place], GOOD[place:]])

        assert b"".join(sent) == GOOD.replace(USAGE, b"")
        assert all(piece.endswith((b"\n\n", b"\r\n\r\n")) for piece in sent)
        assert exchange.outcome == Outcome.OK


async def test_a_stream_that_drips_byte_by_byte_is_relayed_event_by_event() -> None:
    sent, exchange = await relayed([GOOD[place : place + 1] for place in range(len(GOOD))])

    assert len(sent) == 3, "up to the first content in one piece, then each event"
    assert exchange.usage is not None
    assert exchange.usage.input_tokens == 2
    assert exchange.finish_reason == "stop"


async def test_an_error_that_the_upstream_reports_swallows_nothing_that_came_before_it() -> None:
    before = REPORTED[: REPORTED.index(b'data: {"error"')]

    for place in range(len(REPORTED) + 1):
        sent, exchange = await relayed([REPORTED[:place], REPORTED[place:]])

        assert b"".join(sent) == before + b'data: {"error":{"message":"no"}}\n\n'
        assert (exchange.outcome, exchange.error_code) == (Outcome.INTERRUPTED, "upstream_error")


async def test_an_error_in_the_stream_comes_as_the_upstream_wrote_it_and_history_keeps_what_it_says() -> None:
    event = b'data: {"error":{"message":"at most 8192 tokens","code":"context_length_exceeded"}}\n\n'

    sent, exchange = await relayed([SPOKEN, event])

    assert sent[-1] == event
    assert exchange.error == (
        "The upstream reported an error in its stream: context_length_exceeded: at most 8192 tokens"
    )


async def test_an_error_that_no_client_would_know_for_one_is_written_anew() -> None:
    sent, exchange = await relayed([SPOKEN, b'data: {"object":"error","message":"no GPU","code":500}\n\n'])

    assert sent[-1].startswith(b'data: {"error":{"message":"a/b failed."')
    assert exchange.error.endswith("in its stream: 500: no GPU")


async def test_a_credential_that_the_upstream_repeats_is_blotted_out_of_its_stream() -> None:
    secret = b"sk-0123456789abcdef"
    error = b'data: {"error":{"message":"%s is wrong"}}\n\n' % secret

    sent, exchange = await relayed([GOOD.replace(b'"Hi"', b'"%s"' % secret)[:-14] + error], credential=secret.decode())

    assert b"".join(sent) == GOOD.replace(USAGE, b"").replace(b'"Hi"', b'"[redacted]"')[:-14] + error.replace(
        secret, b"[redacted]"
    )
    assert secret.decode() not in exchange.error


async def test_a_defect_of_ours_ends_the_stream_with_an_error_and_is_not_taken_for_the_clients_leaving(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Response):
        async def _pieces(self, pieces: Sequence[bytes], breaks: bool) -> AsyncIterator[bytes]:
            yield pieces[0]
            raise KeyError("a defect of ours")

    present, response = Present(), Broken([FIRST])
    relay = a_relay(response, present)

    sent = [piece async for piece in relay]
    await relay.aclose()

    assert b'"code":"internal_error"' in sent[-1]
    assert b"defect" not in sent[-1]
    assert [(one.outcome, one.status, one.error_code) for one in present.recorded] == [
        (Outcome.FAILED, 200, "internal_error")
    ]
    assert "a defect of ours" in caplog.text
    assert response.stream.is_closed


async def test_a_half_event_is_dropped_when_the_upstream_breaks_off() -> None:
    for place in range(len(SPOKEN), len(GOOD) - len(USAGE) - 20):
        sent, exchange = await relayed([GOOD[:place]], breaks=True)

        whole = b"".join(sent[:-1])
        assert GOOD.startswith(whole)
        assert not whole or whole.endswith((b"\n\n", b"\r\n\r\n"))
        assert sent[-1].startswith(b'data: {"error":{')
        assert b"upstream_disconnected" in sent[-1]
        assert (exchange.outcome, exchange.status) == (Outcome.INTERRUPTED, 200)


@pytest.mark.parametrize("holds_streams_back", [False, True])
async def test_a_stream_that_breaks_off_when_its_answer_is_all_here_is_whole(holds_streams_back: bool) -> None:
    finished = GOOD[: GOOD.index(USAGE)]

    sent, exchange = await relayed([finished, USAGE[:-9]], breaks=True, holds_streams_back=holds_streams_back)

    assert b"".join(sent) == finished + b"data: [DONE]\n\n"
    assert (exchange.outcome, exchange.error_code, exchange.usage) == (Outcome.OK, "", None)


@pytest.mark.parametrize(
    ("pieces", "breaks", "failure"),
    [
        ([FIRST, b'data: {"error":{"message":"no","code":"overloaded_error"}}\n\n'], False, UpstreamOverloaded),
        ([FIRST], True, Disconnected),
        ([FIRST], False, Incomplete),
        ([], False, Incomplete),
        ([FIRST, b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'], False, EmptyAnswer),
        ([b"data: " + b"x" * (8 * 1024 * 1024 + 1)], False, ProtocolError),
    ],
    ids=["an error", "a break", "an end", "nothing", "empty", "an event without end"],
)
async def test_what_goes_wrong_before_the_first_content_is_a_failure_and_nothing_was_sent(
    pieces: list[bytes], breaks: bool, failure: type[UpstreamError]
) -> None:
    present = Present()
    relay = a_relay(Response(pieces, breaks=breaks), present)

    with pytest.raises(failure):
        await relay.open()

    assert present.recorded == []


async def test_a_stream_that_is_cut_at_its_length_before_it_said_anything_is_an_answer() -> None:
    cut = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}\n\ndata: [DONE]\n\n'

    sent, exchange = await relayed([FIRST, cut])

    assert b"".join(sent) == FIRST + cut
    assert exchange.outcome == Outcome.OK


async def test_8_kb_of_comments_are_enough_to_go_on() -> None:
    many = b": at work\n\n" * 800

    sent, _ = await relayed([many, GOOD])

    assert sent[0] == many


async def test_a_stream_that_is_held_back_comes_in_one_piece() -> None:
    sent, exchange = await relayed([GOOD[:300], GOOD[300:]], holds_streams_back=True)

    assert sent == [GOOD.replace(USAGE, b"").removesuffix(b"data: [DONE]\n\n"), b"data: [DONE]\n\n"]
    assert exchange.outcome == Outcome.OK


async def test_a_long_stream_that_is_held_back_is_not_copied_with_each_of_its_pieces() -> None:
    words, present = 40_000, Present()
    present.max_answer_bytes = 100_000_000
    word = b'data: {"model":"m","choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % (b"Hi" * 100)
    relay = a_relay(Response([*[word] * words, GOOD]), present, holds_streams_back=True)

    began = time.process_time()
    await relay.open()
    took = time.process_time() - began

    sent = b"".join([piece async for piece in relay])
    assert sent.count(word) == words
    assert took < 1, "copying up to 10 MB with each piece takes some seconds"


async def test_what_was_said_to_nobody_is_no_first_byte() -> None:
    never_finished = SPOKEN + b"data: [DONE]\n\n"
    relay = a_relay(Response([never_finished]), Present())

    with pytest.raises(Incomplete):
        await relay.open()

    assert (relay._draft.first_byte_ms, relay._draft.answer_bytes) == (None, 0)


async def test_a_stream_that_is_held_back_fails_as_if_nothing_had_been_sent_when_it_breaks_in_the_middle() -> None:
    relay = a_relay(Response([SPOKEN], breaks=True), Present(), holds_streams_back=True)

    with pytest.raises(Disconnected):
        await relay.open()


async def test_a_break_after_the_last_word_but_before_the_finish_is_no_success() -> None:
    cut = GOOD[: GOOD.index(b'data: {"model":"m","choices":[{"index":0,"delta":{},')]

    sent, exchange = await relayed([cut])

    assert b"upstream_incomplete" in sent[-1]
    assert exchange.error_code == "upstream_incomplete"


async def test_the_usage_is_shown_to_those_who_asked() -> None:
    sent, _ = await relayed([GOOD], wants_usage_chunk=True)

    assert b"".join(sent) == GOOD


async def test_only_the_models_name_changes_where_the_requested_one_is_shown() -> None:
    sent, _ = await relayed([GOOD], answers_as_requested=True)

    assert b"".join(sent) == GOOD.replace(USAGE, b"").replace(b'"model":"m"', b'"model":"fast"')


async def test_the_requested_name_is_shown_also_in_an_event_of_several_lines() -> None:
    several = GOOD.replace(
        b'data: {"model":"m","choices":[{"index":0,"delta":{"content"',
        b'data: {"model":"m",\r\ndata: "choices":[{"index":0,"delta":{"content"',
    )
    assert several != GOOD

    sent, _ = await relayed([several], answers_as_requested=True)

    assert b'"m"' not in b"".join(sent)
    assert b"".join(sent).count(b'"model":"fast"') == 3


async def test_what_comes_after_done_is_nobodys_business() -> None:
    sent, exchange = await relayed([GOOD + b'data: {"error":{"message":"late"}}\n\n'])

    assert b"".join(sent) == GOOD.replace(USAGE, b"")
    assert exchange.outcome == Outcome.OK


async def test_an_event_without_end_breaks_the_stream() -> None:
    sent, exchange = await relayed([SPOKEN, b"data: " + b"x" * (8 * 1024 * 1024 + 1)])

    assert b"upstream_protocol_error" in sent[-1]
    assert exchange.outcome == Outcome.INTERRUPTED


async def test_a_relay_that_is_closed_early_lets_go_of_its_upstream_and_is_recorded_once() -> None:
    present, response = Present(), Response([GOOD[:100], GOOD[100:]])
    relay = a_relay(response, present)

    async for _ in relay:
        break
    await relay.aclose()
    await relay.aclose()

    assert response.stream.is_closed
    assert [(one.outcome, one.status, one.error_code) for one in present.recorded] == [
        (Outcome.CANCELLED, 499, "client_closed")
    ]


async def test_a_relay_that_was_never_begun_is_closed_and_recorded_too() -> None:
    present, response = Present(), Response([GOOD])

    await a_relay(response, present).aclose()

    assert response.stream.is_closed
    assert [one.outcome for one in present.recorded] == [Outcome.CANCELLED]
