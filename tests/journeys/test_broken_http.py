"""HTTP as no client should send it."""

from typing import Any

import pytest

from tests.gateways import RunningGateway
from tests.journeys.raw_http import asked_raw, chat, connected, head, read_until, reply_on
from tests.journeys.said import CHAT, GOOD, JSON

pytestmark = pytest.mark.django_db(transaction=True)


def test_broken_http_is_refused_before_anybody_reads_it(fast: RunningGateway) -> None:
    broken = [
        [b"Content-Length: 5", b"Content-Length: 6"],
        [b"Content-Length : 5"],
        [b"X-Evil: a\0b", b"Content-Length: 0"],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Content-Length: " + b"9" * 5000],
    ]

    for lines in broken:
        reply = asked_raw(fast, head(fast, *lines) + b"12345")
        assert reply is None or reply.status == 400, lines
    assert fast.ask("fast").status_code == 200


def test_the_star_of_options_is_no_path_and_no_crash(fast: RunningGateway) -> None:
    reply = asked_raw(fast, head(fast, "Content-Length: 0", request_line="OPTIONS * HTTP/1.1"))

    assert reply is not None
    assert 400 <= reply.status < 500
    assert fast.ask("fast").status_code == 200


def test_slashes_at_the_front_lead_to_the_api_all_the_same(fast: RunningGateway) -> None:
    reply = asked_raw(fast, head(fast, "Content-Length: 0", request_line="GET //v1/models HTTP/1.1"))

    assert reply is not None
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")


def test_a_chunk_of_no_size_is_refused_and_ends_its_connection_alone(fast: RunningGateway) -> None:
    reply = asked_raw(fast, head(fast, "Transfer-Encoding: chunked") + b"what?\r\n{}\r\n0\r\n\r\n")

    assert reply is None or reply.status == 400
    assert fast.ask("fast").status_code == 200


def test_what_follows_a_body_that_was_announced_too_short_is_no_request(fast: RunningGateway) -> None:
    with connected(fast) as connection:
        connection.sendall(head(fast, "Content-Length: 5") + GOOD)
        first = reply_on(connection)

    assert first is not None
    assert first.status == 400
    assert fast.upstream.seen == []


def test_twenty_requests_in_one_write_get_twenty_answers_in_order(fast: RunningGateway) -> None:
    requests = [chat(fast, GOOD.replace(b'"x"', b'"number %d"' % number)) for number in range(20)]

    with connected(fast) as connection:
        connection.sendall(b"".join(requests))
        received = read_until(connection, b'"usage"', times=20)

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
