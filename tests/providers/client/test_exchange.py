"""What is sent, what comes back, and what each failure is called."""

import socket
import time

import httpx
import pytest

from providers import errors
from providers.classifier import from_status
from providers.client import UpstreamTransport, read_limited, ready_headers, upstream_request
from providers.timeouts import Timeouts
from tests.faulty_upstream import FaultyUpstream, an_unused_port
from tests.providers.client.calls import (
    HEADERS,
    PATIENT,
    SHORT_FIRST_BYTE,
    SHORT_IDLE,
    a_request,
    answered,
    ask,
    gathered,
    none_open,
)


async def test_the_upstream_gets_exactly_what_it_should(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    request = a_request(upstream, "gpt-4o")

    await ask(transport, request)

    seen = upstream.last
    assert (seen.method, seen.path, seen.body) == ("POST", "/v1/chat/completions", request.body)
    assert seen.headers == [
        ("Host", f"127.0.0.1:{upstream.port}"),
        ("Accept-Encoding", "identity"),
        ("Content-Length", str(len(request.body))),
        ("Authorization", "Bearer sk-upstream"),
        ("Content-Type", "application/json"),
    ]


async def test_the_answer_comes_back_with_status_headers_and_bytes(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "odd-spacing")) as response:
        body = await read_limited(response, 1 << 20)

    assert response.status_code == 200
    assert response.headers["X-Request-Id"] == "req_upstream_1"
    assert body.startswith(b'\n{ "choices" :[ {')


async def test_a_header_is_found_in_any_spelling_and_readable_whatever_its_bytes(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "odd-headers")) as response:
        await read_limited(response, 1 << 20)

    assert response.header("content-TYPE") == "application/json"
    assert response.header("x-twice") == "first"
    assert response.header("x-latin") == "caf\xe9"
    assert response.header("x-none") == ""


async def test_the_answer_is_an_httpx_response_to_whoever_looks(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "odd-headers")) as response:
        await response.aread()

    assert isinstance(response, httpx.Response)
    assert response.is_success
    assert response.headers.get_list("X-Twice") == ["first", "second"]
    assert response.json()["object"] == "chat.completion"
    assert (response.history, response.extensions, response.is_closed) == ([], {}, True)


async def test_a_stream_arrives_as_it_is_sent(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    chunks: list[bytes] = []
    async with answered(transport, a_request(upstream, "chunks-50", streams=True)) as response:
        await gathered(response, chunks)

    assert b"".join(chunks).count(b'"content":"word') == 50
    assert chunks[-1].endswith(b"data: [DONE]\n\n")


async def test_the_request_is_an_httpx_request_to_whoever_looks() -> None:
    request = upstream_request("https://api.example.com/v1/x", HEADERS, [], b"{}", Timeouts())

    assert request.url == "https://api.example.com/v1/x"
    assert request.headers["content-type"] == "application/json"
    assert isinstance(request.stream, httpx.ByteStream)
    assert b"".join(request.stream) == b"{}"


def test_a_url_that_cannot_be_called_is_our_own_fault() -> None:
    with pytest.raises(errors.Misconfigured, match="https://"):
        upstream_request("ftp://api.example.com/v1", HEADERS, [], b"{}", PATIENT)


@pytest.mark.parametrize("value", [b"a\r\nX-Evil: 1", b"a\nb", b"a\rb", b"a\0b"])
def test_a_header_cannot_break_out_of_its_line(value: bytes) -> None:
    with pytest.raises(errors.Misconfigured, match="line break"):
        ready_headers([(b"X-Own", value)])


@pytest.mark.parametrize("value", [b"a\r\nX-Evil: 1", b"a\nb", b"a\rb", b"a\0b"])
async def test_nor_can_one_of_the_callers(transport: UpstreamTransport, value: bytes) -> None:
    request = upstream_request("http://127.0.0.1:1/v1", HEADERS, [(b"X-Own", value)], b"{}", PATIENT)

    with pytest.raises(errors.Misconfigured, match="line break"):
        await transport.handle_async_request(request)


async def test_headers_that_frame_the_message_are_ours_alone(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    own = [(b"HOST", b"evil"), (b"Transfer-Encoding", b"chunked"), (b"Accept-Encoding", b"br"), (b"X-Own", b"1")]

    await ask(transport, upstream_request(upstream.url, ready_headers(own[:2]), own[2:], b'{"model": "m"}', PATIENT))

    names = [name.lower() for name, _ in upstream.last.headers]
    assert names == ["host", "accept-encoding", "content-length", "x-own"]
    assert upstream.last.header("host") == f"127.0.0.1:{upstream.port}"


async def test_a_large_body_arrives_whole(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    body = b'{"model": "m", "x": "' + b"y" * 20_000_000 + b'"}'

    await ask(transport, upstream_request(upstream.url, HEADERS, [], body, PATIENT))

    assert upstream.last.body == body


async def test_a_refused_connection_is_a_connect_failure(transport: UpstreamTransport) -> None:
    with pytest.raises(errors.ConnectFailed, match="Connection refused"):
        await ask(transport, a_request(f"http://127.0.0.1:{an_unused_port()}/v1", "m"))


async def test_an_unknown_host_is_a_connect_failure(transport: UpstreamTransport) -> None:
    with pytest.raises(errors.ConnectFailed, match=r"nowhere\.invalid"):
        await ask(transport, a_request("http://nowhere.invalid/v1", "m", timeouts=Timeouts(connect_seconds=60)))


async def test_a_connection_that_does_not_come_is_a_connect_timeout(transport: UpstreamTransport) -> None:
    # Linux drops the handshakes of a listener whose queue is full: to the caller, a host that does not answer.
    with socket.socket() as full, socket.socket() as waiting, socket.socket() as another:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for client in (waiting, another):
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"

        started = time.monotonic()
        with pytest.raises(errors.ConnectTimeout):
            await ask(transport, a_request(url, "m", timeouts=Timeouts(connect_seconds=0.3)))

        assert time.monotonic() - started < 1, "the kernel would try for minutes"


@pytest.mark.parametrize(
    ("model", "timeouts", "error"),
    [
        ("silence", SHORT_FIRST_BYTE, errors.FirstByteTimeout),
        ("drip-0.2", SHORT_FIRST_BYTE, errors.FirstByteTimeout),
        ("stall-after-3", SHORT_IDLE, errors.IdleTimeout),
        ("cut-after-3", PATIENT, errors.Disconnected),
        ("hang-up", PATIENT, errors.Disconnected),
        ("gzip", PATIENT, errors.ProtocolError),
        ("not-http", PATIENT, errors.ProtocolError),
        ("bad-chunks", PATIENT, errors.ProtocolError),
        ("huge", PATIENT, errors.AnswerTooLarge),
    ],
)
async def test_each_fault_has_its_error_and_ends_the_connection(
    upstream: FaultyUpstream,
    transport: UpstreamTransport,
    model: str,
    timeouts: Timeouts,
    error: type[errors.UpstreamError],
) -> None:
    with pytest.raises(error):
        await ask(transport, a_request(upstream, model, streams=model != "bad-chunks", timeouts=timeouts))

    assert await none_open(upstream)


async def test_the_first_byte_deadline_is_absolute(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    started = time.monotonic()
    with pytest.raises(errors.FirstByteTimeout):
        await ask(transport, a_request(upstream, "drip-0.2", timeouts=SHORT_FIRST_BYTE))

    # Byte by byte it would take more than 20 s.
    assert 0.25 < time.monotonic() - started < 1


@pytest.mark.parametrize("model", ["silence", "stall-after-3"])
async def test_the_total_deadline_ends_every_wait(
    upstream: FaultyUpstream, transport: UpstreamTransport, model: str
) -> None:
    await ask(transport, a_request(upstream, "gpt-4o"))  # so that none of the time goes into a connection

    with pytest.raises(errors.TotalTimeout):
        await ask(transport, a_request(upstream, model, streams=True, timeouts=Timeouts(total_seconds=0.2)))

    assert await none_open(upstream)


@pytest.mark.parametrize("model", ["cut-after-3", "stall-after-3"])
async def test_what_came_before_a_break_is_handed_on(
    upstream: FaultyUpstream, transport: UpstreamTransport, model: str
) -> None:
    chunks: list[bytes] = []
    async with answered(transport, a_request(upstream, model, streams=True, timeouts=SHORT_IDLE)) as response:
        with pytest.raises(errors.UpstreamError):
            await gathered(response, chunks)

    assert b"".join(chunks).count(b'"content":"word') == 3


async def test_a_redirect_is_an_answer_and_is_not_followed(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "redirect")) as response:
        status = response.status_code

    assert status == 302
    assert len(upstream.seen) == 1


async def test_an_error_status_is_an_answer_like_any_other(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    async with answered(transport, a_request(upstream, "status-429-retry-after-7")) as response:
        error = from_status(response.status_code, response.headers, await read_limited(response, 65536))

    assert (error.code, error.retry_after_seconds) == ("upstream_rate_limited", 7)


async def test_a_message_never_holds_the_credential(upstream: FaultyUpstream, transport: UpstreamTransport) -> None:
    for model in ("silence", "hang-up", "not-http", "gzip"):
        with pytest.raises(errors.UpstreamError) as caught:
            await ask(transport, a_request(upstream, model, timeouts=SHORT_FIRST_BYTE))

        assert "sk-upstream" not in caught.value.message
