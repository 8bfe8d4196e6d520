"""What a client may send wrong, and what it is told: always JSON, never 500."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from tests.gateways import RunningGateway
from tests.journeys.raw_http import asked_raw, chat, connected, head, reply_on

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"content-type": "application/json"}
CHAT = "/v1/chat/completions"
MESSAGES = b'"messages":[{"role":"user","content":"x"}]'
GOOD = b'{"model":"fast",' + MESSAGES + b"}"


@pytest.fixture
def fast(gateway: RunningGateway) -> RunningGateway:
    """A gateway with an alias “fast”."""
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    return gateway


def told(reply: httpx.Response) -> tuple[int, str | None, str | None]:
    """Status, code and parameter of an error, whose shape is OpenAI's."""
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"]
    assert list(reply.json()) == ["error"]
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"] and error["type"]
    return reply.status_code, error["code"], error["param"]


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
    GOOD[:-1] + b',"x":' + b"[" * 1_100 + b"]" * 1_100 + b"}": TOO_DEEP,
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


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer sk-plx-wrong", "Basic dXNlcjp4", "Bearer ' OR '1'='1", "Bearer " + "x" * 9_000],
)
def test_without_a_good_key_nobody_gets_in_and_nobody_learns_why(
    fast: RunningGateway, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}

    reply = fast.post(CHAT, key="", headers={**JSON, **headers}, content=GOOD)

    assert told(reply) == (401, "invalid_api_key", None)
    assert reply.headers["www-authenticate"] == "Bearer"
    assert reply.json()["error"]["message"].startswith("No valid API key.")
    assert "wrong" not in reply.text


def test_near_matches_are_only_those_that_the_key_may_see(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    allowed = gateway.alias("assistant-small", model)
    gateway.alias("assistant-secret", model)
    gateway.alias("assistant-hidden", model, listed=False)
    key = gateway.new_key("narrow", allowed=[allowed])

    narrow = gateway.ask("assistant-smal", key=key).json()["error"]["message"]
    wide = gateway.ask("Assistant-Secret").json()["error"]["message"]
    retrieved = gateway.get("/v1/models/assistant-smal", key=key).json()["error"]["message"]

    assert "“assistant-small”" in narrow and "secret" not in narrow and "hidden" not in narrow
    assert "“assistant-secret”" in wide and "hidden" not in wide
    assert "“assistant-small”" in retrieved


@pytest.mark.parametrize(("method", "path"), [("GET", CHAT), ("PUT", CHAT), ("DELETE", CHAT), ("OPTIONS", CHAT)])
def test_a_wrong_method_is_told_the_right_one(fast: RunningGateway, method: str, path: str) -> None:
    reply = fast.client.request(method, path, headers={"authorization": f"Bearer {fast.key}", "origin": "https://x.y"})

    assert told(reply) == (405, "method_not_allowed", None)
    assert reply.headers["allow"] == "POST"
    assert "access-control-allow-origin" not in reply.headers


def test_models_are_only_got(fast: RunningGateway) -> None:
    reply = fast.post("/v1/models", json={})

    assert told(reply) == (405, "method_not_allowed", None)
    assert reply.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json-seq"},
        {**JSON, "content-encoding": "gzip"},
        {**JSON, "content-encoding": "gzip, br, zstd"},
    ],
)
def test_anything_but_plain_json_is_an_unsupported_media_type(fast: RunningGateway, headers: dict[str, str]) -> None:
    reply = fast.post(CHAT, content=GOOD, headers=headers)

    assert told(reply) == (415, "unsupported_media_type", None)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_said_in_other_spellings(fast: RunningGateway, content_type: str) -> None:
    assert fast.post(CHAT, content=GOOD, headers={"content-type": content_type}).status_code == 200


def test_a_body_over_the_limit_is_refused_by_its_announced_length(fast: RunningGateway, settings: Settings) -> None:
    settings.PLEXUS_MAX_REQUEST_BYTES = 100_000

    reply = asked_raw(fast, head(fast, "Content-Length: 50000000"))

    assert reply is not None
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")


def test_a_body_over_the_limit_is_refused_in_chunks_too(fast: RunningGateway, settings: Settings) -> None:
    settings.PLEXUS_MAX_REQUEST_BYTES = 100_000

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


def test_a_slow_body_is_cut_off(fast: RunningGateway, settings: Settings) -> None:
    settings.PLEXUS_BODY_TIMEOUT_SECONDS = 0.3

    with connected(fast) as connection:
        connection.sendall(head(fast, "Content-Length: 1000") + b'{"model":')
        reply = reply_on(connection)
        rest = connection.recv(100)

    assert reply is not None
    assert (reply.status, reply.error["code"]) == (408, "request_timeout")
    assert rest == b"", "the connection is closed: its client could go on trickling for ever"


def test_an_alias_whose_targets_are_all_left_out_says_why(gateway: RunningGateway) -> None:
    off = gateway.provider("off", enabled=False)
    keyless = gateway.provider("keyless", credential="$NOBODY_SET_THIS")
    chat_only = gateway.model("openai", "gpt-4o-mini", api_types=["chat"])
    alias = gateway.alias("fast", gateway.model(off, "a"), gateway.model(keyless, "b"), chat_only)
    gateway.target(alias, gateway.model("openai", "c"), enabled=False, position=9)

    reply = gateway.post("/v1/embeddings", json={"model": "fast", "input": "x"})

    assert told(reply) == (503, "no_enabled_targets", "model")
    message = reply.json()["error"]["message"]
    assert "off/a (the provider “off” is disabled)" in message
    assert "keyless/b (The environment variable NOBODY_SET_THIS is not set" in message
    assert "openai/gpt-4o-mini (does not speak embeddings, only chat)" in message
    assert "openai/c (the target is disabled)" in message


def test_a_model_of_a_disabled_provider_is_known_and_has_no_target(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("off", enabled=False), "a")

    assert told(gateway.ask("off/a")) == (503, "no_enabled_targets", "model")


BROKEN_HTTP = {
    "two lengths": [b"Content-Length: 5", b"Content-Length: 6"],
    "a space before the colon": [b"Content-Length : 5"],
    "NUL in a header": [b"X-Evil: a\0b", b"Content-Length: 0"],
    "length and chunks": [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    "a length without end": [b"Content-Length: " + b"9" * 5000],
}


@pytest.mark.parametrize("lines", BROKEN_HTTP.values(), ids=BROKEN_HTTP)
def test_broken_http_is_refused_before_anybody_reads_it(fast: RunningGateway, lines: list[bytes]) -> None:
    reply = asked_raw(fast, head(fast, *lines) + b"12345")

    assert reply is None or reply.status == 400
    assert fast.ask("fast").status_code == 200


def test_a_chunk_of_no_size_is_refused_and_ends_its_connection_alone(fast: RunningGateway) -> None:
    reply = asked_raw(fast, head(fast, "Transfer-Encoding: chunked") + b"what?\r\n{}\r\n0\r\n\r\n")

    assert reply is None or reply.status == 400
    assert fast.ask("fast").status_code == 200


def test_what_follows_a_body_that_was_announced_too_short_is_no_request(fast: RunningGateway) -> None:
    with connected(fast) as connection:
        connection.sendall(head(fast, "Content-Length: 5") + GOOD)
        first = reply_on(connection)

    assert first is not None and first.status == 400
    assert fast.upstream.seen == []


def test_twenty_requests_in_one_write_get_twenty_answers_in_order(fast: RunningGateway) -> None:
    requests = [chat(fast, GOOD.replace(b'"x"', b'"number %d"' % number)) for number in range(20)]

    with connected(fast) as connection:
        connection.sendall(b"".join(requests))
        received = b""
        while received.count(b'"usage"') < 20:
            received += connection.recv(65536)

    places = [received.index(b"number %d" % number + b'"') for number in range(20)]
    assert places == sorted(places)


def test_the_host_header_decides_nothing(fast: RunningGateway) -> None:
    for host in ("evil.example", "x/../admin", "[::1", "a@b", ""):
        reply = fast.post(CHAT, content=GOOD, headers={**JSON, "host": host})
        assert reply.status_code in (200, 400)
        assert fast.post(CHAT, key="", content=GOOD, headers={**JSON, "host": host}).status_code in (400, 401)


def test_the_body_says_whether_it_is_a_stream_and_no_header(fast: RunningGateway) -> None:
    whole = fast.post(CHAT, content=GOOD, headers={**JSON, "accept": "text/event-stream"})
    stream = fast.post(CHAT, content=GOOD[:-1] + b',"stream":true}', headers={**JSON, "accept": "application/json"})

    assert whole.headers["content-type"] == "application/json"
    assert stream.headers["content-type"].startswith("text/event-stream")


def test_an_address_in_a_message_is_not_called(fast: RunningGateway) -> None:
    picture: dict[str, Any] = {"type": "image_url", "image_url": {"url": f"{fast.upstream.url}/picture"}}

    fast.post(CHAT, json={"model": "fast", "messages": [{"role": "user", "content": [picture]}]})

    assert [seen.path for seen in fast.upstream.seen] == ["/v1/chat/completions"]
