"""Reading an answer."""

from __future__ import annotations

import json

import pytest

from providers.pricing import Usage
from providers.wire.base import MalformedAnswer
from providers.wire.openai_chat import read_answer


def answer(**members: object) -> bytes:
    return json.dumps({"object": "chat.completion", **members}).encode()


def test_an_answer_is_read_for_usage_and_finish_reason() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "total_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    choices = [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]

    read = read_answer(answer(model="gpt-4o", choices=choices, usage=usage))

    assert read.finish_reason == "stop"
    assert read.usage == Usage(input_tokens=10, output_tokens=20, cached_input_tokens=3, reasoning_tokens=4)
    assert not read.is_error


def test_embeddings_count_only_input() -> None:
    body = answer(data=[{"embedding": "AAAA"}], usage={"prompt_tokens": 8, "total_tokens": 8})

    assert read_answer(body).usage == Usage(input_tokens=8, output_tokens=0)


def test_details_may_be_null() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": None}
    usage_2 = {"prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": None}}

    assert read_answer(answer(usage=usage)).usage == read_answer(answer(usage=usage_2)).usage


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        "12",
        {},
        {"prompt_tokens": -1},
        {"prompt_tokens": "5"},
        {"prompt_tokens": 1.5},
        {"prompt_tokens": True},
        {"prompt_tokens": 10**12},
        {"prompt_tokens": 10**4_000},
        {"prompt_tokens": 1, "completion_tokens": -5},
        {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": "all"}},
    ],
)
def test_odd_usage_is_unknown(usage: object) -> None:
    assert read_answer(answer(usage=usage)).usage is None


@pytest.mark.parametrize("choices", [None, [], {}, "x", [1], [{}], [{"finish_reason": 7}]])
def test_odd_choices_have_no_finish_reason(choices: object) -> None:
    assert read_answer(answer(choices=choices, model=7)).finish_reason is None


@pytest.mark.parametrize("odd", [{"usage": "12"}, {"choices": 7}, {"usage": 5, "choices": [1]}])
def test_one_odd_member_does_not_hide_the_others(odd: dict[str, object]) -> None:
    members = {"usage": {"prompt_tokens": 1, "completion_tokens": 2}, "choices": [{"finish_reason": "stop"}]} | odd

    read = read_answer(answer(error={"message": "x"}, **members))

    assert read.is_error
    assert (read.usage is None) == ("usage" in odd)
    assert (read.finish_reason is None) == ("choices" in odd)


def test_an_error_in_an_answer_with_status_200_is_seen() -> None:
    assert read_answer(answer(error={"message": "overloaded"})).is_error
    assert not read_answer(answer(error=None)).is_error


def test_half_a_surrogate_pair_in_the_text_does_not_hide_the_usage() -> None:
    body = b'{"choices":[{"message":{"content":"\\ud83d"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}'

    assert read_answer(body).usage == Usage(input_tokens=1, output_tokens=2)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"a":', b"null", b'{"usage":' + b"[" * 100_000])
def test_what_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        read_answer(body)
