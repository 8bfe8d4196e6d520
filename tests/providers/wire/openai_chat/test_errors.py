"""OpenAI's error object."""

from __future__ import annotations

import json

import pytest

from providers.wire.openai_chat import error_body, error_event, read_error
from providers.wire.sse import EventSplitter, data_of


def test_a_body_has_the_four_fields() -> None:
    body = error_body("No such “model”.", "invalid_request_error", "model", "model_not_found")

    assert json.loads(body) == {
        "error": {
            "message": "No such “model”.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }


def test_an_event_is_one_whole_event_whatever_the_message() -> None:
    event = error_event("gone\n\ndata: [DONE]\n\n", "upstream_disconnected")

    assert EventSplitter().feed(event) == [event]
    assert json.loads(data_of(event) or b"")["error"] == {
        "message": "gone\n\ndata: [DONE]\n\n",
        "type": "upstream_error",
        "param": None,
        "code": "upstream_disconnected",
    }


def test_half_a_surrogate_pair_in_a_message_is_written_as_a_question_mark() -> None:
    assert json.loads(error_body("a\ud800b", "t", "\udfff", None))["error"]["message"] == "a?b"


@pytest.mark.parametrize(
    ("data", "said", "is_openais"),
    [
        (
            b'{"error":{"message":"too long","code":"context_length_exceeded"}}',
            "context_length_exceeded: too long",
            True,
        ),
        (b'{"error":{"message":"busy","type":"overloaded_error"}}', "overloaded_error: busy", True),
        (b'{"error":{"code":429}}', "429", True),
        (b'{"object":"error","message":"no GPU","code":500}', "500: no GPU", False),
        (b'{"error":"boom"}', "boom", False),
        (b'{"error":[1]}', "", False),
        (b"boom", "", False),
        (b"\xff", "", False),
    ],
)
def test_an_error_in_a_stream_is_read_for_what_it_says(data: bytes, said: str, is_openais: bool) -> None:
    read = read_error(b"data: " + data + b"\n\n")

    assert (str(read), read.is_openais) == (said, is_openais)
