"""Reading a request, and replacing one value in it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire import CHAT, COMPLETIONS, EMBEDDINGS, MESSAGES
from providers.wire.base import MalformedCall, WireFormat
from providers.wire.splice import read_call, replaced, with_model_if_none

ODD = b'\n{ "temperature" : 1.50e0 ,\t"messages":[ {"content":"say \\"model\\": \xc3\xa9","role":"user"}]\r\n, "model" :  "fast" }  '


def chat(**members: object) -> bytes:
    return json.dumps({"model": "fast", "messages": [{"role": "user", "content": "hi"}], **members}).encode()


def test_only_the_bytes_of_the_model_change() -> None:
    call = read_call(ODD, CHAT)

    assert call.model == "fast"
    assert call.body == ODD
    assert call.with_model(b'"gpt-4o"') == ODD.replace(b'"fast"', b'"gpt-4o"')


def test_a_model_inside_a_message_stays() -> None:
    body = b'{"messages":[{"model":"fast"}],"model":"fast","tools":{"model":"fast"}}'

    assert (
        read_call(body, CHAT).with_model(b'"x"')
        == b'{"messages":[{"model":"fast"}],"model":"x","tools":{"model":"fast"}}'
    )


def test_a_model_with_escapes_is_read_as_text() -> None:
    assert read_call(b'{"model":"f\\u0061st\\/1","messages":[{}]}', CHAT).model == "fast/1"


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=40))
def test_any_printable_name_is_read_and_replaced(name: str) -> None:
    body = json.dumps({"messages": [{}], "model": name, "n": 1}).encode()

    call = read_call(body, CHAT)

    assert call.model == name
    assert json.loads(call.with_model(b'"y"')) == {"messages": [{}], "model": "y", "n": 1}


@pytest.mark.parametrize(("stream", "streams"), [(True, True), (False, False), (None, False)])
def test_stream_is_a_boolean_or_null(stream: bool | None, streams: bool) -> None:
    assert read_call(chat(stream=stream), CHAT).streams is streams


def test_a_format_that_does_not_stream_leaves_stream_to_the_upstream() -> None:
    call = read_call(b'{"model":"e","input":"hi","stream":"yes"}', EMBEDDINGS)

    assert not call.streams
    assert call.with_usage_asked() is call


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (b"", b',"stream_options":{"include_usage":true}'),
        (b',"stream_options":null', b',"stream_options":{"include_usage":true}'),
        (b',"stream_options":{}', b',"stream_options":{"include_usage":true}'),
        (b',"stream_options":{ }', b',"stream_options":{"include_usage":true }'),
        (b',"stream_options":{"x":1}', b',"stream_options":{"include_usage":true,"x":1}'),
        (b',"stream_options":{"include_usage": false}', b',"stream_options":{"include_usage": true}'),
        (b',"stream_options":{"include_usage":null,"x":1}', b',"stream_options":{"include_usage":true,"x":1}'),
    ],
)
@pytest.mark.parametrize("model_first", [True, False])
def test_a_stream_is_asked_for_its_usage_and_nothing_else_changes(
    options: bytes, asked: bytes, model_first: bool
) -> None:
    def written(options: bytes, model: bytes) -> bytes:
        if model_first:
            return b'{"model":"' + model + b'","messages":[{}],"stream":true' + options + b"}"
        return b'{"messages":[{}],"stream":true' + options + b',"model":"' + model + b'"}'

    call = read_call(written(options, b"fast"), CHAT)
    asking = call.with_usage_asked()

    assert not call.wants_usage_chunk
    if options or model_first:
        assert asking.with_model(b'"gpt-4o"') == written(asked, b"gpt-4o")
    else:
        assert asking.with_model(b'"gpt-4o"') == written(b"", b"gpt-4o")[:-1] + asked + b"}"


def test_a_caller_who_asks_for_the_usage_keeps_the_bytes() -> None:
    call = read_call(chat(stream=True, stream_options={"include_usage": True}), CHAT)

    assert call.wants_usage_chunk
    assert call.with_usage_asked() is call


def test_usage_is_asked_for_only_in_streams_and_only_where_it_must_be() -> None:
    assert read_call(chat(), CHAT).with_usage_asked().body == chat()
    assert read_call(chat(stream=True), MESSAGES).with_usage_asked().body == chat(stream=True)


def test_half_a_surrogate_pair_in_a_prompt_passes_as_it_came() -> None:
    body = b'{"messages":[{"content":"cut \\ud83d"}],"model":"fast"}'

    assert read_call(body, CHAT).with_model(b'"x"') == body.replace(b"fast", b"x")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"", "invalid_json", None),
        (b"  \n", "invalid_json", None),
        (b"hello", "invalid_json", None),
        (b"\xef\xbb\xbf{}", "invalid_json", None),
        ('{"model":"a"}'.encode("utf-16"), "invalid_json", None),
        ('{"model":"a"}'.encode("utf-16-be"), "invalid_json", None),
        (b'{"model":"a","messages":[{"content":"\xff"}]}', "invalid_json", None),
        (b'{"model":"a","messages":[{"content":"\xed\xa0\x80"}]}', "invalid_json", None),
        (b"[]", "invalid_type", None),
        (b'"text"', "invalid_type", None),
        (b"[" * 100_000, "invalid_type", None),
        (b'{"model":"a","messages":' + b"[" * 100_000, "json_too_deep", None),
        (b"{}", "missing_required_parameter", "model"),
        (b'{"model":"a"}', "missing_required_parameter", "messages"),
        (b'{"model":1,"messages":[{}]}', "invalid_type", "model"),
        (b'{"model":null,"messages":[{}]}', "invalid_type", "model"),
        (b'{"model":["a"],"messages":[{}]}', "invalid_type", "model"),
        (b'{"model":"","messages":[{}]}', "invalid_value", "model"),
        (b'{"model":" \\t","messages":[{}]}', "invalid_value", "model"),
        (b'{"model":"a\\u0000b","messages":[{}]}', "invalid_value", "model"),
        (b'{"model":"a\\nb","messages":[{}]}', "invalid_value", "model"),
        (b'{"model":"a\\ud800","messages":[{}]}', "invalid_value", "model"),
        (b'{"model":"' + b"a" * 257 + b'","messages":[{}]}', "invalid_value", "model"),
        (b'{"model":"a","messages":[]}', "invalid_value", "messages"),
        (b'{"model":"a","messages":[ \n ]}', "invalid_value", "messages"),
        (b'{"model":"a","messages":"hi"}', "invalid_type", "messages"),
        (b'{"model":"a","messages":{}}', "invalid_type", "messages"),
        (b'{"model":"a","messages":null}', "invalid_type", "messages"),
        (b'{"model":"a","messages":[ "hi"]}', "invalid_type", "messages[0]"),
        (b'{"model":"a","messages":[{}],"stream":"true"}', "invalid_type", "stream"),
        (b'{"model":"a","messages":[{}],"stream":1}', "invalid_type", "stream"),
        (b'{"model":"a","messages":[{}],"model":"b"}', "duplicate_key", "model"),
        (b'{"model":"a","messages":[{}],"stream":true,"stream_options":1}', "invalid_type", "stream_options"),
        (
            b'{"model":"a","messages":[{}],"stream":true,"stream_options":{"include_usage":1}}',
            "invalid_type",
            "stream_options.include_usage",
        ),
        (
            b'{"model":"a","messages":[{}],"stream":true,"stream_options":{"include_usage":true,"include_usage":false}}',
            "duplicate_key",
            "stream_options",
        ),
    ],
)
def test_a_request_we_cannot_route_says_what_is_wrong(body: bytes, code: str, param: str | None) -> None:
    with pytest.raises(MalformedCall) as caught:
        read_call(body, CHAT)

    assert (caught.value.code, caught.value.param) == (code, param)


@pytest.mark.parametrize(
    ("format", "members", "code"),
    [
        (COMPLETIONS, {}, "missing_required_parameter"),
        (COMPLETIONS, {"prompt": "hi"}, None),
        (COMPLETIONS, {"prompt": ["hi"]}, None),
        (COMPLETIONS, {"prompt": None}, None),
        (COMPLETIONS, {"prompt": 7}, "invalid_type"),
        (EMBEDDINGS, {}, "missing_required_parameter"),
        (EMBEDDINGS, {"input": [1, 2]}, None),
        (EMBEDDINGS, {"input": {"a": 1}}, "invalid_type"),
    ],
)
def test_each_format_wants_its_own_input(format: WireFormat, members: Mapping[str, object], code: str | None) -> None:
    body = json.dumps({"model": "m", **members}).encode()
    found = None

    try:
        read_call(body, format)
    except MalformedCall as exc:
        found = exc.code

    assert found == code


def test_no_error_quotes_the_prompt() -> None:
    for body in (b'{"model":"a","messages":["secret"]}', b'{"model":"a","messages":secret}', b"secret", b'"secret"'):
        with pytest.raises(MalformedCall) as caught:
            read_call(body, CHAT)

        assert "secret" not in caught.value.message


def test_a_model_in_an_answer_is_replaced_at_the_top_only() -> None:
    answer = b'{ "model":"gpt-4o-2024" , "choices":[{"model":"gpt-4o-2024"}]}\n'

    assert replaced(answer, "model", b'"fast"') == b'{ "model":"fast" , "choices":[{"model":"gpt-4o-2024"}]}\n'


@pytest.mark.parametrize("answer", [b'{"id":1}', b"<html>", b"", b"[]", b'{"model":"a","model":"b"}'])
def test_an_answer_that_has_no_such_member_passes_as_it_is(answer: bytes) -> None:
    assert replaced(answer, "model", b'"fast"') == answer


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"messages":[]}', b'{"model":"fast","messages":[]}'),
        (b' { "messages" : [] }', b' {"model":"fast", "messages" : [] }'),
        (b"{}", b'{"model":"fast"}'),
        (b"{ }", b'{"model":"fast" }'),
        (b'{"model":null,"n":1.0e2}', b'{"model":"fast","n":1.0e2}'),
        (b'{"n":1,"model" : "" }', b'{"n":1,"model" : "fast" }'),
        (b'{"model":" \\t"}', b'{"model":"fast"}'),
    ],
)
def test_a_model_is_put_where_none_is_named_and_nothing_else_moves(body: bytes, expected: bytes) -> None:
    assert with_model_if_none(body, "fast") == expected


@pytest.mark.parametrize(
    "body",
    [b'{"model":"x"}', b'{"model":4}', b'{"model":[]}', b'{"model":{}}', b"[]", b"nothing", b'{"model":"\\ud800"}'],
)
def test_a_body_that_names_a_model_or_is_none_is_left_alone(body: bytes) -> None:
    assert with_model_if_none(body, "fast") is None
