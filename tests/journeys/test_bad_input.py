"""What a client may send to do harm, and what came of it. Bad JSON, types and sizes are in test_bad_bodies.py, HTTP that is none in
test_broken_http.py, what is too slow or too much in test_limits.py, wrong keys in test_refusals.py; here is the rest:

texts that break storage    half an emoji, a NUL: they pass as they came, and the request is in the history
nesting                     100,000 levels cost neither time nor memory
keys and hosts twice        two different keys are none, two hosts are no request
"""

import time
from pathlib import Path

import pytest

from tests.gateways import RunningGateway
from tests.journeys.raw_http import asked_raw, chat, head
from tests.journeys.said import CHAT, GOOD, JSON

pytestmark = pytest.mark.django_db(transaction=True)

PAGE_BYTES = 4096


@pytest.mark.parametrize("odd", [rb"half \ud800 an emoji", rb"a \u0000 in it"])
@pytest.mark.parametrize("member", [b"content", b"user"])
def test_text_that_a_database_would_refuse_passes_as_it_came_and_is_recorded(
    gateway: RunningGateway, odd: bytes, member: bytes
) -> None:
    gateway.alias("fast", gateway.model("openai", "chunks-2"))
    body = GOOD.replace(b'"x"', b'"%b"' % odd) if member == b"content" else GOOD[:-1] + b',"user":"%b"}' % odd

    reply = gateway.post(CHAT, content=body, headers=JSON)

    assert reply.status_code == 200
    assert gateway.upstream.last.body == body.replace(b'"fast"', b'"chunks-2"')
    assert gateway.row(reply).outcome == "ok"


@pytest.mark.parametrize("nested", [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000])
def test_a_hundred_thousand_levels_cost_neither_time_nor_memory(fast: RunningGateway, nested: bytes) -> None:
    body = GOOD[:-1] + b',"x":' + nested + b"}"
    fast.post(CHAT, content=body, headers=JSON)
    memory_before, began = memory_bytes(), time.process_time()

    replies = [fast.post(CHAT, content=body, headers=JSON) for _ in range(10)]

    assert {reply.json()["error"]["code"] for reply in replies} == {"json_too_deep"}
    assert (time.process_time() - began) / 10 < 0.1
    assert memory_bytes() - memory_before < 10 * 1024 * 1024


def memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def test_two_different_keys_in_one_header_are_none(fast: RunningGateway) -> None:
    other = fast.new_key("another")
    lines = [f"Authorization: Bearer {other}", f"Content-Length: {len(GOOD)}"]

    reply = asked_raw(fast, head(fast, *lines) + GOOD)

    assert reply is not None
    assert (reply.status, reply.error["code"]) == (401, "invalid_api_key")
    assert fast.upstream.seen == []


@pytest.mark.parametrize("hosts", [[], [b"Host: evil.example"], [b"Host: a", b"Host: b"], [b"Host: x/../admin"]])
def test_no_host_opens_a_page_or_passes_a_key(fast: RunningGateway, hosts: list[bytes]) -> None:
    """Its own line and `hosts` beside it, or none at all."""
    body = b"Content-Length: %d" % len(GOOD)

    def sent(path: bytes, key: bytes) -> bytes:
        lines = [b"POST %b HTTP/1.1" % path, *hosts, b"Authorization: Bearer " + key, b"Content-Type: application/json"]
        return b"\r\n".join([*lines, body]) + b"\r\n\r\n" + GOOD

    with_key = asked_raw(fast, sent(CHAT.encode(), fast.key.encode()))
    without = asked_raw(fast, sent(CHAT.encode(), b"sk-plx-wrong"))
    page = asked_raw(fast, sent(b"/admin/", fast.key.encode()))

    assert with_key is None or with_key.status in (200, 400)
    assert without is None or without.status in (400, 401)
    assert page is None or page.status in (302, 400, 403)


def test_a_key_is_not_repeated_to_whoever_sent_it(fast: RunningGateway) -> None:
    wrong = "sk-plx-" + "c4nary" * 5

    reply = fast.post(CHAT, key=wrong, content=GOOD, headers=JSON)

    assert reply.status_code == 401
    assert "c4nary" not in reply.text + str(reply.headers)


def test_a_model_name_never_becomes_a_path(fast: RunningGateway) -> None:
    for name in (b"../../admin", b"%2e%2e/x", b"a/b/c", b"fast/../../admin", b"fast?x=1", b"fast#x"):
        reply = asked_raw(fast, chat(fast, GOOD.replace(b"fast", name)))
        assert reply is not None
        assert reply.status == 404, name

    assert fast.upstream.seen == []
