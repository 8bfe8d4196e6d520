"""Error bodies as providers write them, and what is read out of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire.complaint import FLAGGED, read_complaint

OPENAI = b'{"error":{"message":"No.","type":"insufficient_quota","param":"model","code":"insufficient_quota"}}'
AZURE = (
    b'{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,'
    b'"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true}}}}}'
)
ANTHROPIC = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}'
GOOGLE = (
    b'[{"error":{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"Help","links":[]},'
    b'{"@type":"RetryInfo","retryDelay":"34.5s"},{"reason":"RATE_LIMIT_EXCEEDED"}]}}]'
)
OPENROUTER = b'{"error":{"code":403,"message":"Flagged.","metadata":{"reasons":["violence"],"flagged_input":"x"}}}'
WRAPPED = (
    b'{"error":{"code":400,"message":"Provider returned error","metadata":{"provider_name":"Azure",'
    b'"raw":"{\\"error\\":{\\"message\\":\\"Too long.\\",\\"code\\":\\"context_length_exceeded\\"}}"}}}'
)
MISTRAL = b'{"object":"error","message":"Invalid model: x","type":"invalid_model","param":null,"code":"1500"}'
VLLM = b'{"object":"error","message":"No such model.","type":"NotFoundError","param":null,"code":404}'
FAILED_RESPONSE = (
    b'{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"Slow down."},'
    b'"metadata":{"code":"invalid_api_key"}}}'
)


@pytest.mark.parametrize(
    ("body", "codes", "status", "message"),
    [
        (OPENAI, ("insufficient_quota",), None, "no."),
        (AZURE, ("content_filter", "responsibleaipolicyviolation"), 400, "the response was filtered"),
        (ANTHROPIC, ("error", "overloaded_error"), None, "overloaded"),
        (GOOGLE, ("resource_exhausted", "rate_limit_exceeded"), 429, "quota."),
        (OPENROUTER, (FLAGGED,), 403, "flagged."),
        (MISTRAL, ("invalid_model",), None, "invalid model: x"),
        (VLLM, ("notfounderror",), 404, "no such model."),
        (FAILED_RESPONSE, ("response.failed", "rate_limit_exceeded"), None, "slow down."),
        (b'{"error":"model \'x\' not found"}', (), None, "model 'x' not found"),
        (b'{"detail":"Not Found"}', (), None, "not found"),
        (
            b'{"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}',
            ("missing",),
            None,
            "field required",
        ),
        (b'{"message":"Too many requests","__type":"ThrottlingException"}', ("throttlingexception",), None, None),
        (b'{"errors":[{"code":"7000","message":"No route"}]}', (), None, "no route"),
        (b'{"error":{"message":"half of \\ud83d","code":"server_error"}}', ("server_error",), None, None),
    ],
)
def test_what_an_upstream_says_is_read_in_every_shape(
    body: bytes, codes: tuple[str, ...], status: int | None, message: str | None
) -> None:
    said = read_complaint(body)

    assert (said.codes, said.status, said.is_json) == (codes, status, True)
    assert message is None or said.message == message


def test_the_error_of_whoever_stands_behind_a_gateway_is_read_out_of_its_string() -> None:
    said = read_complaint(WRAPPED)

    assert (said.codes, said.status) == (("context_length_exceeded",), 400)
    assert said.message.startswith("provider returned error\n")
    assert said.message.endswith("\ntoo long.")


def test_googles_wait_is_read() -> None:
    assert read_complaint(GOOGLE).wait_seconds == 34.5


def test_the_member_at_fault_is_read() -> None:
    assert read_complaint(OPENAI).param == "model"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"429",
        b'"no"',
        b"upstream connect error",
        b"<html></html>",
        b'{"error"',
        b"\xff\xfe",
        b"[" * 99_999,
    ],
)
def test_what_is_no_error_object_says_nothing(body: bytes) -> None:
    assert read_complaint(body) == read_complaint(b"")
    assert not read_complaint(body).is_json


def test_a_long_message_is_cut() -> None:
    assert len(read_complaint(b'{"error": "%s"}' % (b"x" * 60_000)).message) == 2048


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_can_be_read(body: bytes) -> None:
    assert len(read_complaint(body).message) <= 2048


@pytest.mark.parametrize("opening", [b'{"error":', b'{"detail":[', b'{"error":{"metadata":'])
def test_a_nest_of_errors_is_left_at_some_depth(opening: bytes) -> None:
    depth = 200
    closing = b"".join({b"{": b"}", b"[": b"]"}[bytes([byte])] for byte in reversed(opening) if byte in b"{[")

    said = read_complaint(opening * depth + b'{"code": "insufficient_quota"}' + closing * depth)

    assert said.codes == ()
