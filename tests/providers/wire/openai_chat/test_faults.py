import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire.openai_chat.faults import Fault, fault_of

SAYS_NOTHING: dict[str, object] = {
    "role": "assistant",
    "content": None,
    "refusal": None,
    "tool_calls": [],
    "reasoning": "",
}


def a_chat(*choices: dict[str, object], **members: object) -> bytes:
    return json.dumps({"object": "chat.completion", "choices": choices, "error": None, **members}).encode()


def a_choice(finish_reason: str | None = "stop", /, **message: object) -> dict[str, object]:
    return {"index": 0, "finish_reason": finish_reason, "message": {**SAYS_NOTHING, **message}}


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Hello."},
        {"content": " "},
        {"content": [{"type": "text", "text": "Hello."}]},
        {"refusal": "I will not."},
        {"tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"function_call": {"name": "f", "arguments": "{}"}},
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"audio": {"id": "audio_1", "data": "AAAA"}},
        {"images": [{"type": "image_url", "image_url": {"url": "data:"}}]},
    ],
)
def test_whatever_a_model_can_say_is_an_answer(message: dict[str, object]) -> None:
    assert fault_of(a_chat(a_choice("stop", **message)), "chat") is None


@pytest.mark.parametrize("finish_reason", ["stop", "end_turn", "eos", "stop_sequence", "tool_calls", "", None])
def test_finished_with_nothing_in_it_is_empty(finish_reason: str | None) -> None:
    assert fault_of(a_chat(a_choice(finish_reason)), "chat") is Fault.EMPTY
    assert fault_of(a_chat(a_choice(finish_reason, content="")), "chat") is Fault.EMPTY
    assert fault_of(a_chat({"index": 0, "finish_reason": finish_reason}), "chat") is Fault.EMPTY


@pytest.mark.parametrize("finish_reason", ["content_filter", "length", "max_tokens", "refusal", "SAFETY"])
def test_cut_by_a_filter_or_at_its_length_is_not_empty(finish_reason: str) -> None:
    assert fault_of(a_chat(a_choice(finish_reason)), "chat") is None


def test_one_choice_with_content_is_enough() -> None:
    assert fault_of(a_chat(a_choice(), a_choice(content="Hello.")), "chat") is None


def test_choices_of_an_unknown_shape_pass() -> None:
    assert fault_of(b'{"choices": [{"message": "Hello."}]}', "chat") is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": "no"}}',
        b'{"error": "no"}',
        b'{"error": ["no"]}',
        b'{"error": true}',
        b'{"object": "error", "message": "no"}',
        b'{"type": "error", "error": {"type": "overloaded_error"}}',
        b'{"choices": [], "error": {"message": "no"}}',
        a_chat(a_choice("error")),
        a_chat({"finish_reason": None, "error": {"code": 502, "message": "no"}, "message": {"content": "Hel"}}),
    ],
)
def test_an_error_in_place_of_an_answer_is_seen(body: bytes) -> None:
    assert fault_of(body, "chat") is Fault.ERROR


@pytest.mark.parametrize("error", ["null", "{}", "[]", '""', "false"])
def test_an_error_that_is_none_is_none(error: str) -> None:
    body = b'{"error": %s, "choices": [{"message": {"content": "Hello."}}]}' % error.encode()

    assert fault_of(body, "chat") is None


@pytest.mark.parametrize(
    ("api_type", "body"),
    [
        *(("chat", body) for body in (b"{}", b'{"choices": null}', b'{"choices": []}', b'{"choices": {}}')),
        ("chat", b'{"data": [{"embedding": [1]}]}'),
        *(("completions", body) for body in (b"{}", b'{"choices": []}', b'{"data": []}')),
        *(("embeddings", body) for body in (b"{}", b'{"data": []}', b'{"data": "x"}', b'{"choices": [{}]}')),
    ],
)
def test_an_answer_to_something_else_is_none(api_type: str, body: bytes) -> None:
    assert fault_of(body, api_type) is Fault.OTHER_SHAPE


@pytest.mark.parametrize(
    ("api_type", "body"),
    [
        ("completions", b'{"choices": [{"text": "Hello.", "finish_reason": "stop"}]}'),
        ("completions", b'{"choices": [{"text": "", "finish_reason": "stop"}]}'),
        ("embeddings", b'{"data": [{"embedding": [0.1, 0.2]}]}'),
        ("embeddings", b'{"data": [{"embedding": "AAAA"}]}'),
        ("chat", b'{"choices": [{"message": {"content": "half of \\ud83d"}}]}'),
        ("messages", b'{"content": []}'),
    ],
)
def test_each_api_has_its_own_answer(api_type: str, body: bytes) -> None:
    assert fault_of(body, api_type) is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"no"', b"\xff", b"data: {}\n\n", a_chat(a_choice(content="Hi"))[:-1]]
)
def test_what_is_no_json_object_is_none(body: bytes) -> None:
    assert fault_of(body, "chat") is Fault.NOT_JSON


@given(st.text(min_size=1), st.data())
def test_an_answer_that_was_cut_anywhere_is_never_taken_for_a_whole_one(content: str, data: st.DataObject) -> None:
    body = a_chat(a_choice(content=content))
    cut = data.draw(st.integers(0, len(body) - 1))

    assert fault_of(body[:cut], "chat") is Fault.NOT_JSON
