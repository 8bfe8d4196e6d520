"""What a request costs, in numbers that noise cannot move, against what was committed in benchmarks/guard.json.

Time is measured by `manage.py benchmark`. This only notices when the line grows.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median

import pytest
from pytest_django import Settings

from benchmarks.counting import counting
from gateway.models import ClientKey
from history.models import RequestLog
from providers.addresses import AllowedNetworks
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, Target
from tests.gateways import eventually, forget_configuration, saved
from tests.one_line import Asked, StepwiseUpstream, alive, stepwise_upstream

pytestmark = pytest.mark.django_db(transaction=True)

GUARD = Path(__file__).parent.parent / "benchmarks" / "guard.json"
TOLERANCE = 0.03
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
LIBRARIES = ("Django", "djangorestframework", "aiohttp", "httpx", "msgspec", "asgiref")
RENEW = "RENEW_COST_GUARD"
HOW_TO_RENEW = f"If that is meant, renew it: {RENEW}=1 python -m pytest tests/test_cost_guard.py"
WARM_UP_REQUESTS = 30
REQUESTS = 60
FEW_WORDS, MANY_WORDS = 10, 60

Cost = Mapping[str, float]


@pytest.fixture
def key(settings: Settings, upstream_url: str) -> Iterator[str]:
    """A client key for the alias “fast”, which has two weighted targets. Nobody looks for news meanwhile."""
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("127.0.0.0/8")
    settings.PLEXUS_SHED_LAG_MS = 0  # counted, a loop is late at every look
    settings.PLEXUS_TABLE_POLL_SECONDS = 3600.0
    # Nor writes history: another thread's memory blocks are counted too.
    settings.PLEXUS_HISTORY_FLUSH_SECONDS = 3600.0
    settings.PLEXUS_HISTORY_BATCH_ROWS = 100_000
    forget_configuration()
    provider = saved(Provider(name="upstream", credential="sk-upstream"))
    saved(Endpoint(provider=provider, api_type="chat", base_url=upstream_url))
    alias = saved(Alias(name="fast"))
    for name, weight in (("gpt-4o-mini", 70), ("gpt-4o", 30)):
        model = saved(ProviderModel(provider=provider, name=name))
        saved(Target(alias=alias, model=model, weight=weight))
    client = ClientKey(name="the guard")
    secret = client.make()
    saved(client)
    yield secret
    forget_configuration()


@pytest.fixture
def upstream_url(stepwise: StepwiseUpstream) -> str:
    return stepwise.url


@pytest.fixture
def stepwise() -> Iterator[StepwiseUpstream]:
    with stepwise_upstream() as running:
        yield running


@pytest.fixture
def cost(key: str, stepwise: StepwiseUpstream, request: pytest.FixtureRequest) -> Cost:
    """What the line costs here and now. The worker starts later: its threads would take memory blocks, or leave some."""
    found = asyncio.run(measured(key, stepwise))
    request.getfixturevalue("celery_worker")
    # A worker still writing would meet the flush of the database.
    eventually(lambda: RequestLog.objects.count() >= WARM_UP_REQUESTS + 2 * REQUESTS)
    return found


async def measured(key: str, upstream: StepwiseUpstream) -> Cost:
    """Medians over many requests: another thread that allocates at the same moment moves none of them."""
    async with alive():
        for _ in range(WARM_UP_REQUESTS // 2):
            await asked(key, upstream)
            await asked(key, upstream, words=FEW_WORDS)
        whole = [await calls_of(key, upstream) for _ in range(REQUESTS)]
        few = [await calls_of(key, upstream, words=FEW_WORDS) for _ in range(5)]
        many = [await calls_of(key, upstream, words=MANY_WORDS) for _ in range(5)]
        with only_new_objects_looked_at():
            blocks = [await blocks_of(key, upstream) for _ in range(REQUESTS)]
    words = MANY_WORDS - FEW_WORDS
    return {
        "our_calls_per_request": median(ours for ours, _ in whole),
        "calls_per_request": median(of_all for _, of_all in whole),
        "our_calls_per_chunk": (median(ours for ours, _ in many) - median(ours for ours, _ in few)) / words,
        "calls_per_chunk": (median(of_all for _, of_all in many) - median(of_all for _, of_all in few)) / words,
        "blocks_per_request": median(blocks),
    }


async def calls_of(key: str, upstream: StepwiseUpstream, *, words: int | None = None) -> tuple[int, int]:
    """Calls of our own functions, and of all."""
    with counting() as calls:
        await asked(key, upstream, words=words)
    return calls.ours, calls.all


@contextmanager
def only_new_objects_looked_at() -> Iterator[None]:
    """Garbage is collected before each request that is counted: the hundred thousand objects of pytest need not be looked at."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def blocks_of(key: str, upstream: StepwiseUpstream) -> int:
    """Memory blocks that a request holds when its reply begins."""
    gc.collect()
    gc.disable()
    before = sys.getallocatedblocks()
    one = await asked(key, upstream)
    gc.enable()
    return one.blocks_at_reply - before


async def asked(key: str, upstream: StepwiseUpstream, *, words: int | None = None) -> Asked:
    """One request, answered whole or in `words` chunks."""
    body = {"model": "fast", "messages": [{"role": "user", "content": "x" * 800}], "temperature": 0.7}
    if words is not None:
        body |= {"stream": True, "max_tokens": words}
    one = Asked(key=key, body=json.dumps(body).encode(), upstream=upstream)
    await one.run()
    assert one.status == 200
    return one


def test_the_line_costs_what_was_committed(cost: Cost) -> None:
    libraries = {name: version(name) for name in LIBRARIES}
    if os.environ.get(RENEW):
        renew(cost, libraries)
    committed = json.loads(GUARD.read_text()).get(PYTHON)
    if committed is None:
        pytest.skip(f"Nothing is committed for Python {PYTHON}. {HOW_TO_RENEW}")
    # Newer libraries may do more or less by themselves: then only our own functions are compared.
    names = [name for name in committed["cost"] if name.startswith("our_") or committed["libraries"] == libraries]

    grown = {name: cost[name] for name in names if cost[name] > committed["cost"][name] * (1 + TOLERANCE)}

    assert not grown, f"The line has grown from {committed['cost']} to {dict(cost)}. {HOW_TO_RENEW}"


def renew(cost: Cost, libraries: Mapping[str, str]) -> None:
    """Commit to what is now."""
    guard = json.loads(GUARD.read_text()) if GUARD.exists() else {}
    guard[PYTHON] = {"libraries": libraries, "cost": cost}
    GUARD.write_text(json.dumps(dict(sorted(guard.items())), indent=2) + "\n")
