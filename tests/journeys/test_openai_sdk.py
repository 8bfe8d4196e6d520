"""The official OpenAI SDK, pointed at the gateway."""

import base64
import struct
from collections.abc import Iterator

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[OpenAI]:
    """The SDK with the test's key, and an alias “fast” to ask for."""
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"), synonyms=("quick",), description="The quick one")
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as sdk:
        yield sdk


def say(client: OpenAI, model: str, text: str = "Hello there") -> openai.types.chat.ChatCompletion:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])


def streamed(client: OpenAI, model: str, text: str = "Hello there") -> str:
    stream = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_it_lists_models(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["fast", "quick"]


def test_it_retrieves_one_model_also_by_a_name_with_a_slash(client: OpenAI) -> None:
    assert client.models.retrieve("quick").owned_by == "plexus"
    assert client.models.retrieve("openai/gpt-4o-mini").id == "openai/gpt-4o-mini"


def test_it_completes(client: OpenAI) -> None:
    answer = say(client, "fast", "Hello there")

    assert answer.choices[0].message.content == "Hello there"
    assert answer.model == "gpt-4o-mini"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 2


def test_it_streams(client: OpenAI) -> None:
    assert streamed(client, "quick", "one two three") == "one two three"


def test_it_gets_the_usage_of_a_stream_that_it_asked_for(client: OpenAI) -> None:
    chunks = client.chat.completions.create(
        model="fast",
        messages=[{"role": "user", "content": "one two three"}],
        stream=True,
        stream_options={"include_usage": True},
    )

    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert [usage.completion_tokens for usage in usages] == [3]


def test_it_embeds_with_its_own_default_encoding(client: OpenAI, gateway: RunningGateway) -> None:
    answer = client.embeddings.create(model="fast", input=["one", "two words"])

    assert b'"encoding_format":"base64"' in gateway.upstream.last.body
    assert len(answer.data) == 2
    assert len(answer.data[0].embedding) == 8


def test_embeddings_are_the_same_in_either_encoding(client: OpenAI) -> None:
    as_floats = client.embeddings.create(model="fast", input="one", encoding_format="float").data[0].embedding
    as_base64 = client.embeddings.create(model="fast", input="one", encoding_format="base64").data[0].embedding

    assert list(struct.unpack("<8f", base64.b64decode(str(as_base64)))) == as_floats


def test_it_completes_text_by_the_older_api(client: OpenAI) -> None:
    answer = client.completions.create(model="fast", prompt="Once upon a time")
    stream = client.completions.create(model="fast", prompt="Once upon a time", stream=True)

    assert answer.choices[0].text == "Once upon a time"
    assert "".join(chunk.choices[0].text for chunk in stream) == "Once upon a time"


def test_it_works_without_v1_in_its_base_url(client: OpenAI, gateway: RunningGateway) -> None:
    with OpenAI(base_url=gateway.url, api_key=gateway.key, max_retries=0) as shorter:
        assert say(shorter, "fast").choices[0].message.content == "Hello there"
        assert [model.id for model in shorter.models.list()] == ["fast", "quick"]


async def test_its_async_client_completes_and_streams(client: OpenAI, gateway: RunningGateway) -> None:
    async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as sdk:
        answer = await sdk.chat.completions.create(model="fast", messages=[{"role": "user", "content": "Hi"}])
        stream = await sdk.chat.completions.create(
            model="fast", messages=[{"role": "user", "content": "one two"}], stream=True
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]

    assert answer.choices[0].message.content == "Hi"
    assert "".join(pieces) == "one two"


def test_an_unknown_model_is_its_not_found_error(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        say(client, "fats")

    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert "Did you mean “fast”" in caught.value.message


def test_a_wrong_key_is_its_authentication_error(client: OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        say(client.with_options(api_key="sk-plx-wrong"), "fast")

    assert caught.value.code == "invalid_api_key"


def test_a_model_that_the_key_may_not_use_is_its_permission_denied_error(
    client: OpenAI, gateway: RunningGateway
) -> None:
    key = gateway.new_key("another", allowed=[])

    with pytest.raises(openai.PermissionDeniedError) as caught:
        say(client.with_options(api_key=key), "fast")

    assert caught.value.code == "model_not_allowed"


def test_a_request_without_messages_is_its_bad_request_error(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="fast", messages=[])

    assert (caught.value.code, caught.value.param) == ("invalid_value", "messages")


def test_a_busy_upstream_is_its_rate_limit_error(client: OpenAI, gateway: RunningGateway) -> None:
    gateway.model("openai", "status-429-retry-after-7")

    with pytest.raises(openai.RateLimitError) as caught:
        say(client, "openai/status-429-retry-after-7")

    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.code == "upstream_says_429"


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("status-500", 502, "upstream_error"),
        ("status-503", 503, "upstream_overloaded"),
        ("status-504", 504, "upstream_timeout"),
        ("status-401", 502, "upstream_auth_error"),
    ],
)
def test_a_failing_upstream_is_its_internal_server_error(
    client: OpenAI, gateway: RunningGateway, model: str, status: int, code: str
) -> None:
    gateway.model("openai", model)

    with pytest.raises(openai.InternalServerError) as caught:
        say(client, f"openai/{model}")

    assert (caught.value.status_code, caught.value.code) == (status, code)


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("cut-after-3", "upstream_disconnected"),
        ("no-finish", "upstream_incomplete"),
    ],
)
def test_a_stream_that_breaks_never_passes_for_a_whole_one(
    client: OpenAI, gateway: RunningGateway, model: str, code: str
) -> None:
    gateway.model("openai", model)

    with pytest.raises(openai.APIError) as caught:
        streamed(client, f"openai/{model}")

    assert caught.value.code == code


def test_an_error_that_the_provider_reports_in_its_stream_is_raised_in_the_providers_words(
    client: OpenAI, gateway: RunningGateway
) -> None:
    gateway.model("openai", "error-in-stream")

    with pytest.raises(openai.APIError) as caught:
        streamed(client, "openai/error-in-stream")

    assert (caught.value.message, caught.value.type) == ("The server had an error.", "server_error")
