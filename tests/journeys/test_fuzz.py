"""Whatever a client sends: never 500, always an error in JSON, and the next request is served."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateways import RunningGateway
from tests.journeys.raw_http import asked_raw, head

pytestmark = pytest.mark.django_db(transaction=True)

BOUNDED = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
GOOD = b'{"model":"fast","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"x":[1e5]}}'

pieces = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u", b"d800", b"\0", b"\xff", b"1e999", b",", b":", b"\r\n"]
)
json_text = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def nearly_good(draw: st.DrawFn) -> bytes:
    """A good body with one piece cut out and another put in."""
    start, length = draw(st.integers(0, len(GOOD))), draw(st.integers(0, 30))
    return GOOD[:start] + draw(st.one_of(pieces, st.binary(max_size=6))) + GOOD[start + length :]


@st.composite
def wrong_members(draw: st.DrawFn) -> bytes:
    """An object with the API's own names and any values."""
    names = st.sampled_from(["model", "messages", "stream", "stream_options", "prompt", "input", "Model"])
    return json.dumps(draw(st.dictionaries(names, json_text, max_size=5))).encode("utf-8", "surrogatepass")


bodies = st.one_of(
    st.binary(max_size=60), nearly_good(), wrong_members(), json_text.map(lambda v: json.dumps(v).encode())
)
header_names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12).map(str.encode)
known_names = st.sampled_from(
    [
        b"Authorization",
        b"x-api-key",
        b"Content-Type",
        b"Content-Encoding",
        b"Content-Length",
        b"Transfer-Encoding",
        b"Connection",
        b"Upgrade",
        b"Expect",
        b"Accept",
        b"If-None-Match",
        b"Host",
        b"traceparent",
        b"Cookie",
    ]
)
header_values = st.binary(max_size=20) | st.sampled_from(
    [b"chunked", b"gzip", b"0", b"-1", b"100-continue", b"upgrade", b"h2c"]
)


def test_no_body_breaks_the_gateway(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "status-418"))
    paths = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"]

    @BOUNDED
    @given(body=bodies, path=st.sampled_from(paths))
    def holds(body: bytes, path: str) -> None:
        reply = gateway.post(path, content=body, headers={"content-type": "application/json"})

        assert 400 <= reply.status_code < 500
        assert reply.json()["error"]["message"]

    holds()


def test_no_header_breaks_the_gateway(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    @BOUNDED
    @given(lines=st.lists(st.tuples(known_names | header_names, header_values), min_size=1, max_size=4))
    def holds(lines: list[tuple[bytes, bytes]]) -> None:
        extra = [name + b": " + value for name, value in lines]

        reply = asked_raw(gateway, head(gateway, f"Content-Length: {len(GOOD)}", "Connection: close", *extra) + GOOD)

        assert reply is None or reply.status < 500
        # What is no HTTP is refused by the server, in words of its own.
        if reply is not None and reply.status >= 400 and reply.headers["content-type"] != "text/plain; charset=utf-8":
            assert reply.error["message"]

    holds()
    assert gateway.ask("fast").status_code == 200


def test_no_path_breaks_the_gateway(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    characters = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="?#"), max_size=20)
    starts = st.sampled_from(["/v1/", "/v1/models/", "/models/", "/chat/", "/embeddings/", "/v1/completions/"])

    @BOUNDED
    @given(start=starts, rest=characters, method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PATCH"]))
    def holds(start: str, rest: str, method: str) -> None:
        line = f"{method} {start}{rest} HTTP/1.1".encode("latin-1").decode("latin-1")

        reply = asked_raw(gateway, head(gateway, "Content-Length: 0", "Connection: close", request_line=line))

        assert reply is None or 200 <= reply.status < 500

    holds()
    assert gateway.ask("fast").status_code == 200
