"""A stream that is cut anywhere is never taken for a whole one. The judge is the official OpenAI SDK, over real sockets.

A short stream is cut after each of its bytes, once by a connection that breaks and once by a body that ends in good order. The
second is what the SDK itself takes for success (https://github.com/openai/openai-python, `Stream.__stream__`): it wants no `[DONE]`.
Anthropic's SDK cannot judge yet: there is no `/v1/messages` here.
"""

import asyncio

import msgspec
import openai
import pytest
from openai import AsyncOpenAI

from providers.models import ProviderModel
from tests.faulty_answers.extremes import RECORDED, RECORDED_WORDS
from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 40
WORDS = "".join(RECORDED_WORDS)
FINISHED = RECORDED.index(b"data: [DONE]")
"""With so many bytes its finish has come: what is missing then is no part of the answer."""


class Heard(msgspec.Struct, frozen=True):
    """What the SDK told its caller."""

    text: str
    finish_reason: str | None
    error: str
    """The name of the exception; empty where it took the stream for a whole one."""


async def hear(sdk: AsyncOpenAI, model: str) -> Heard:
    text, finish_reason = "", None
    try:
        stream = await sdk.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "x"}], stream=True
        )
        async for chunk in stream:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish_reason = choice.finish_reason or finish_reason
    except openai.APIError as exc:
        return Heard(text, finish_reason, type(exc).__name__)
    return Heard(text, finish_reason, "")


async def hear_all(gateway: RunningGateway, models: list[str]) -> dict[str, Heard]:
    at_once = asyncio.Semaphore(AT_ONCE)

    async def one(sdk: AsyncOpenAI, model: str) -> Heard:
        async with at_once:
            return await hear(sdk, f"cutting/{model}")

    async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as sdk:
        return dict(zip(models, await asyncio.gather(*(one(sdk, model) for model in models)), strict=True))


@pytest.mark.parametrize("how", ["cut-at", "ends-at"])
def test_a_stream_that_is_cut_at_any_byte_is_never_taken_for_a_whole_one(gateway: RunningGateway, how: str) -> None:
    models = [f"{how}-{place}" for place in range(len(RECORDED) + 1)]
    provider = gateway.provider("cutting")
    ProviderModel.objects.bulk_create([ProviderModel(provider=provider, name=name) for name in models])
    gateway.alias("last", gateway.model("cutting", "saved-last"))  # so that all of them are in use

    heard = asyncio.run(hear_all(gateway, models))

    for place, model in enumerate(models):
        if place < FINISHED:
            assert heard[model].error, f"cut after {place} bytes it passed for a whole one: {heard[model]}"
            assert WORDS.startswith(heard[model].text), "half an event has come through"
        else:
            assert heard[model] == Heard(WORDS, "stop", ""), f"{place} bytes hold the whole answer"
