"""OpenAI's error object."""

from __future__ import annotations

import json

from providers.wire.openai_chat import error_body, error_event
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
