"""What a client may write wrong into a body: it is told what and where, and no upstream sees it."""

import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.gateways import RunningGateway
from tests.journeys.raw_http import asked_raw, connected, head, reply_on
from tests.journeys.said import CHAT, GOOD, JSON, MESSAGES, told

pytestmark = pytest.mark.django_db(transaction=True)


NOT_JSON = (400, "invalid_json", None)
NO_OBJECT = (400, "invalid_type", None)
TOO_DEEP = (400, "json_too_deep", None)
BODIES: dict[bytes, tuple[int, str | None, str | None]] = {
    b"": NOT_JSON,
    b"  \n": NOT_JSON,
    b"hello": NOT_JSON,
    GOOD[:-1]: NOT_JSON,
    GOOD + b"x": NOT_JSON,
    b"{'model':'fast'}": NOT_JSON,
    GOOD[:-1] + b',"n":NaN}': NOT_JSON,
    b"\xef\xbb\xbf" + GOOD: NOT_JSON,
    GOOD.decode().encode("utf-16"): NOT_JSON,
    GOOD.replace(b"x", b"\xff\xfe"): NOT_JSON,
    GOOD.replace(b"x", b"\0"): NOT_JSON,
    b"null": NO_OBJECT,
    b"[]": NO_OBJECT,
    b'"x"': NO_OBJECT,
    b"3": NO_OBJECT,
    b"true": NO_OBJECT,
    GOOD[:-1] + b',"model":"other"}': (400, "duplicate_key", "model"),
    # From 3.12 on the parser goes ten times as deep as before; what it can walk is forwarded as it came.
    GOOD[:-1] + b',"x":' + b"[" * 12_000 + b"]" * 12_000 + b"}": TOO_DEEP,
    GOOD[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}": TOO_DEEP,
    b"[" * 100_000: NO_OBJECT,
    b'{"x":' * 100_000: TOO_DEEP,
    b"{" + MESSAGES + b"}": (400, "missing_required_parameter", "model"),
    b'{"model":"fast"}': (400, "missing_required_parameter", "messages"),
    **{
        b'{"model":' + model + b"," + MESSAGES + b"}": (400, code, "model")
        for model, code in {
            b"5": "invalid_type",
            b"null": "invalid_type",
            b"[]": "invalid_type",
            b"{}": "invalid_type",
            b'""': "invalid_value",
            b'"   "': "invalid_value",
            b'"a\\u0000b"': "invalid_value",
            b'"fast\\r\\nX-Evil: 1"': "invalid_value",
            b'"\\ud800"': "invalid_value",
            b'"' + b"a" * 300 + b'"': "invalid_value",
        }.items()
    },
    **{
        b'{"model":' + json.dumps(model).encode() + b"," + MESSAGES + b"}": (404, "model_not_found", "model")
        for model in (
            *("nothing", "Fast", "fast ", "../../admin", "%2e%2e/x", "a/b/c", "openai/", "/gpt-4o-mini", "direct/fast"),
            *("f\u200bast", "\u202efast", "f\u0430st", "openai/gpt-4o-mini/", "direct/direct/openai/gpt-4o-mini"),
        )
    },
    **{
        b'{"model":"fast","messages":' + messages + b"}": (400, code, param)
        for messages, code, param in (
            (b"null", "invalid_type", "messages"),
            (b'"Hi"', "invalid_type", "messages"),
            (b"{}", "invalid_type", "messages"),
            (b"[]", "invalid_value", "messages"),
            (b"[ ]", "invalid_value", "messages"),
            (b"[5]", "invalid_type", "messages[0]"),
        )
    },
    **{
        GOOD[:-1] + b',"stream":' + stream + b"}": (400, "invalid_type", "stream")
        for stream in (b'"true"', b"1", b"[]", b'"yes"')
    },
    GOOD[:-1] + b',"stream":true,"stream_options":7}': (400, "invalid_type", "stream_options"),
}


def shown(body: bytes) -> str:
    """A short name for a body in a test's report, another one for each."""
    return f"{body[:40]!r} … {body[-30:]!r}, {len(body)} bytes"


def test_a_bad_body_is_told_what_is_wrong_with_it_and_where(fast: RunningGateway) -> None:
    assert len({shown(body) for body in BODIES}) == len(BODIES)

    replies = {shown(body): told(fast.post(CHAT, content=body, headers=JSON)) for body in BODIES}

    assert replies == {shown(body): expected for body, expected in BODIES.items()}
    assert fast.upstream.seen == []


def test_the_other_endpoints_say_what_they_miss(fast: RunningGateway) -> None:
    completion = fast.post("/v1/completions", json={"model": "fast"})
    embedding = fast.post("/v1/embeddings", json={"model": "fast", "input": {}})

    assert told(completion) == (400, "missing_required_parameter", "prompt")
    assert told(embedding) == (400, "invalid_type", "input")


@pytest.fixture
def small_bodies(settings: Settings) -> None:
    """Asked for before the gateway, which reads it at its start; so is the next."""
    settings.PLEXUS_MAX_REQUEST_BYTES = 100_000


@pytest.fixture
def impatient(settings: Settings) -> None:
    settings.PLEXUS_BODY_TIMEOUT_SECONDS = 0.3


def test_a_body_over_the_limit_is_refused_by_its_announced_length(small_bodies: None, fast: RunningGateway) -> None:
    reply = asked_raw(fast, head(fast, "Content-Length: 50000000"))

    assert reply is not None
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")


def test_a_body_over_the_limit_is_refused_in_chunks_too(small_bodies: None, fast: RunningGateway) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 10_000

    reply = fast.post(CHAT, content=chunks(), headers=JSON)

    assert told(reply) == (413, "request_too_large", None)


def test_a_large_body_under_the_limit_passes(fast: RunningGateway) -> None:
    body = GOOD.replace(b'"x"', b'"%s"' % (b"x" * 19_000_000)).replace(b"user", b"system")

    reply = fast.post(CHAT, content=body, headers=JSON)

    assert reply.status_code == 200
    assert fast.upstream.last.body == body.replace(b'"fast"', b'"gpt-4o-mini"')


def test_a_body_of_six_million_objects_holds_nobody_up(fast: RunningGateway) -> None:
    many = b'{"model":"nothing",' + MESSAGES + b',"x":[' + b"{}," * 6_300_000 + b"1]}"

    assert told(fast.post(CHAT, content=many, headers=JSON)) == (404, "model_not_found", "model")
    assert fast.ask("fast").status_code == 200


def test_a_slow_body_is_cut_off(impatient: None, fast: RunningGateway) -> None:
    with connected(fast) as connection:
        connection.sendall(head(fast, "Content-Length: 1000") + b'{"model":')
        reply = reply_on(connection)
        rest = connection.recv(100)

    assert reply is not None
    assert (reply.status, reply.error["code"]) == (408, "request_timeout")
    assert rest == b"", "the connection is closed: its client could go on trickling for ever"
