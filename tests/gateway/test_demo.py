"""The demo upstream, over a socket, with the official SDK."""

import json
import math
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from gateway.demo import answers
from gateway.management.quickstart.demo_server import DemoServer


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoServer]:
    with DemoServer(0, seconds_per_word=0.001) as server:
        yield server


@pytest.fixture(scope="module")
def client(demo: DemoServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=demo.base_url, api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def http(demo: DemoServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo.base_url, trust_env=False, timeout=60) as http:
        yield http


def test_the_answer_says_which_model_gave_it_and_what_was_asked(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="small", messages=[{"role": "user", "content": "Is it raining?"}])

    text = reply.choices[0].message.content or ""
    assert "demo/small" in text
    assert "Is it raining?" in text
    assert reply.choices[0].finish_reason == "stop"


def test_the_same_question_gets_the_same_answer(client: openai.OpenAI) -> None:
    replies = [
        client.chat.completions.create(model="large", messages=[{"role": "user", "content": "Again?"}])
        for _ in range(2)
    ]

    assert replies[0].choices == replies[1].choices
    assert replies[0].id == replies[1].id


def test_usage_counts_what_came_and_what_was_said(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="small", messages=[{"role": "user", "content": "x" * 400}])

    assert reply.usage is not None
    assert reply.usage.prompt_tokens == 100
    assert reply.usage.completion_tokens == len((reply.choices[0].message.content or "").split(" "))
    assert reply.usage.total_tokens == 100 + reply.usage.completion_tokens


def test_a_stream_comes_word_by_word_and_is_the_whole_answer(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="medium", messages=[{"role": "user", "content": "Hi"}])

    chunks = list(
        client.chat.completions.create(model="medium", messages=[{"role": "user", "content": "Hi"}], stream=True)
    )

    words = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "".join(words) == whole.choices[0].message.content
    assert max(word.count(" ") for word in words) == 1
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_stream_has_usage_only_for_those_who_ask(client: openai.OpenAI) -> None:
    def last(**options: Any) -> Any:  # Any: keyword arguments of the SDK, and its chunk
        question: Any = [{"role": "user", "content": "Hi"}]
        return list(client.chat.completions.create(model="small", messages=question, stream=True, **options))[-1]

    assert last().usage is None
    assert last(stream_options={"include_usage": True}).usage.completion_tokens > 5


def test_a_limit_cuts_the_answer_and_says_so(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="small", messages=[{"role": "user", "content": "Hi"}], max_completion_tokens=3
    )

    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 3


def test_completions_answer_a_prompt(client: openai.OpenAI) -> None:
    whole = client.completions.create(model="small", prompt="Once upon a time")
    streamed = client.completions.create(model="small", prompt="Once upon a time", stream=True)

    assert "Once upon a time" in whole.choices[0].text
    assert "".join(chunk.choices[0].text for chunk in streamed) == whole.choices[0].text


def test_embeddings_have_length_one_and_are_the_same_for_the_same_text(client: openai.OpenAI) -> None:
    reply = client.embeddings.create(model="embed", input=["one", "two", "one"])

    vectors = [item.embedding for item in reply.data]
    assert vectors[0] == vectors[2] != vectors[1]
    assert [len(vector) for vector in vectors] == [answers.DIMENSIONS] * 3
    assert math.hypot(*vectors[0]) == pytest.approx(1, abs=1e-6)


def test_embeddings_come_as_numbers_and_as_long_as_wanted(client: openai.OpenAI) -> None:
    reply = client.embeddings.create(model="embed", input="one", encoding_format="float", dimensions=8)

    assert reply.data[0].embedding == answers.embedding("one", 8)


def test_its_models_are_listed_and_found(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["small", "medium", "large", "embed"]
    assert client.models.retrieve("large").owned_by == "plexus-demo"


def test_an_unknown_model_is_named(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no model “huge”"):
        client.chat.completions.create(model="huge", messages=[{"role": "user", "content": "Hi"}])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", b"{"),
        ("chat/completions", b"[]"),
        ("chat/completions", b"[" * 100_000),
        ("chat/completions", b'{"model": "small"}'),
        ("chat/completions", b'{"model": "small", "messages": ["hi"]}'),
        ("chat/completions", b'{"model": "small", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": -1}'),
        ("embeddings", b'{"model": "embed", "input": []}'),
        ("embeddings", b'{"model": "embed", "input": "x", "dimensions": 1e99}'),
    ],
)
def test_what_is_no_request_is_refused(http: httpx.Client, path: str, body: bytes) -> None:
    reply = http.post(path, content=body)

    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("content", [None, "", [], [{"type": "image_url"}], "\ud800", "🌧" * 100, [{"text": "parts"}]])
def test_every_content_gets_an_answer(http: httpx.Client, content: object) -> None:
    body = json.dumps({"model": "small", "messages": [{"role": "user", "content": content}]})

    reply = http.post("chat/completions", content=body)

    assert reply.status_code == 200
    assert "demo/small" in reply.json()["choices"][0]["message"]["content"]


def test_elsewhere_is_nothing(http: httpx.Client) -> None:
    assert http.get("nowhere").status_code == 404
    assert http.put("chat/completions").status_code == 404


def test_a_taken_port_gives_way_to_a_free_one(demo: DemoServer) -> None:
    with DemoServer(demo.port) as second:
        assert second.port != demo.port
        assert httpx.get(f"{second.base_url}/models", trust_env=False, timeout=60).status_code == 200
