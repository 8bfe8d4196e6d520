"""Every byte as it came, both ways, but for the model's name."""

import json
import random
from typing import Any, TypeAlias

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faulty_answers.streams import ODD_ANSWER, ODD_EVENTS
from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"content-type": "application/json"}
ODD_BODIES = [
    b'\n { "messages" :[ {"content":"caf\\u00e9 \\ud83d\\ude00" ,"role":"user"} ],\t"model"\r\n:"fast"  }\n\n',
    b'{"model":"fast","messages":[{"role":"user","content":"x"}],"seed":18446744073709551616,"temperature":1.0e-0}',
    b'{"Model":"other","model":"fast","MODEL":null,"messages":[{"role":"user","content":"\\"model\\":\\"fist\\""}]}',
    b'{"x":{"model":"inner"},"mod\\u0065l":"fast","messages":[{"model":1,"role":"user","content":"\\/ \\b \\u0000"}]}',
    '{"user":"日本 😀","messages":[{"role":"root","content":[]}],"model":"fast"}'.encode(),
    b'{"user":"half \\ud800 an emoji","model":"fast","messages":[{"role":"user","content":"x"}]}',
    json.dumps(
        {"model": "fast", "messages": [{"role": "user", "content": "x"}]} | {f"x_{n}": [n, {}] for n in range(200)}
    ).encode(),
]


Json: TypeAlias = Any  # any JSON value


def send(gateway: RunningGateway, body: bytes) -> httpx.Response:
    return gateway.post("/v1/chat/completions", content=body, headers=JSON)


def written(value: Json, chance: random.Random) -> str:
    """`value` as JSON, with white space and escapes where chance puts them."""

    def space() -> str:
        return "".join(chance.choices(" \t\r\n", k=chance.choice([0, 0, 0, 1, 3])))

    match value:
        case dict():
            inside = ",".join(
                f"{space()}{written(name, chance)}{space()}:{written(item, chance)}" for name, item in value.items()
            )
            text = "{" + (inside or space()) + "}"
        case list():
            text = "[" + (",".join(written(item, chance) for item in value) or space()) + "]"
        case _:
            text = json.dumps(value, ensure_ascii=chance.random() < 0.5)
    return space() + text + space()


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20)
)
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=8)
fields = st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), values, max_size=6)


def test_a_request_reaches_the_upstream_with_nothing_changed_but_the_models_name(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    for body in ODD_BODIES:
        reply = send(gateway, body)

        assert reply.status_code == 200, reply.text
        assert gateway.upstream.last.body == body.replace(b'"fast"', b'"gpt-4o-mini"', 1)


def test_any_json_reaches_the_upstream_with_nothing_changed_but_the_models_name(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(extra=fields, place=st.integers(0, 10), chance=st.randoms(use_true_random=False))
    def holds(extra: dict[str, Json], place: int, chance: random.Random) -> None:
        own = {"model", "messages", "stream", "stream_options"}
        members = [(name, value) for name, value in extra.items() if name not in own]
        members.append(("messages", [{"role": "user", "content": "x"}]))
        members.insert(place, ("model", "@the-model@"))
        text = written(dict(members), chance)

        reply = send(gateway, text.replace('"@the-model@"', '"fast"').encode())

        assert reply.status_code == 200, reply.text
        assert gateway.upstream.last.body == text.replace('"@the-model@"', '"gpt-4o-mini"').encode()

    holds()


def test_an_answer_comes_back_as_the_upstream_wrote_it(gateway: RunningGateway) -> None:
    gateway.alias("odd", gateway.model("openai", "odd-spacing"))

    whole = gateway.ask("odd")
    stream = gateway.ask("odd", stream=True)

    assert whole.text == ODD_ANSWER.replace("MODEL", '"odd-spacing"')
    assert stream.text == ODD_EVENTS.replace("MODEL", '"odd-spacing"')


def test_the_requested_name_takes_the_place_of_the_upstreams_and_nothing_else_changes(gateway: RunningGateway) -> None:
    gateway.alias("odd", gateway.model("openai", "odd-spacing"), synonyms=("strange",), answer_model="requested")

    whole = gateway.ask("strange")
    stream = gateway.ask("strange", stream=True)

    assert whole.text == ODD_ANSWER.replace("MODEL", '"strange"')
    assert stream.text == ODD_EVENTS.replace("MODEL", '"strange"')


def test_the_requested_name_stands_in_every_chunk(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "chunks-50"), answer_model="requested")

    stream = gateway.ask("fast", stream=True)

    chunks = [json.loads(line[6:]) for line in stream.text.split("\n\n") if line.startswith("data: {")]
    assert len(chunks) == 52
    assert {chunk["model"] for chunk in chunks} == {"fast"}


STREAM = b'{"model":"fast","messages":[{"role":"user","content":"one two"}],"stream":true%s}'


STREAM_OPTIONS = [
    (b"", b',"stream_options":{"include_usage":true}', False),
    (b',"stream_options":null', b',"stream_options":{"include_usage":true}', False),
    (b',"stream_options":{"include_usage":false}', b',"stream_options":{"include_usage":true}', False),
    (b',"stream_options":{ "x":1}', b',"stream_options":{"include_usage":true, "x":1}', False),
    (b',"stream_options":{"include_usage": true}', b',"stream_options":{"include_usage": true}', True),
]
"""What the caller sends, what the upstream gets, and whether the caller sees the usage."""


def test_a_stream_is_asked_for_its_usage_which_only_those_see_who_asked(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    for options, asked, is_shown in STREAM_OPTIONS:
        reply = send(gateway, STREAM % options)

        assert gateway.upstream.last.body == (STREAM % asked).replace(b'"fast"', b'"gpt-4o-mini"')
        assert ("prompt_tokens" in reply.text) is is_shown
        assert gateway.row(reply).output_tokens == 2


def test_an_upstream_that_refuses_the_field_is_not_asked_for_its_usage(gateway: RunningGateway) -> None:
    strict = gateway.provider("strict", asks_stream_usage=False)
    gateway.alias("fast", gateway.model(strict, "gpt-4o-mini"))

    reply = send(gateway, STREAM % b"")

    assert gateway.upstream.last.body == (STREAM % b"").replace(b'"fast"', b'"gpt-4o-mini"')
    assert reply.text.endswith("data: [DONE]\n\n")
    assert gateway.row(reply).output_tokens is None
