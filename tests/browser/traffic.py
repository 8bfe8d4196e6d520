"""Two months of made-up requests, written by the code that writes real ones."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from gateway.models import ClientKey
from history import store
from history.ids import first_id_at
from history.records import Attempt, Exchange, Outcome
from providers.models import ProviderModel
from providers.pricing import Price, Usage
from routing.models import Target
from tests.browser.furnished import KEYS

DAYS = 60
"""Two of the longest periods that the dashboard shows: it compares each with the one before."""
BATCH_ROWS = 500
POPULARITY = {"fast": 10, "arch.summarize.v1": 5, "embed": 4, "smart": 3, "code": 3, "cheap": 2, "local": 1}
TYPICAL_MS = {"groq": 350.0, "openai": 800.0, "mistral": 700.0, "anthropic": 1300.0, "ollama": 1900.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A target as the history knows it."""

    target_id: int
    alias: str
    alias_id: int
    provider: str
    model: str
    url: str
    price: Price | None
    share: float

    @property
    def is_embedding(self) -> bool:
        return "embedding" in self.model


def write_traffic(rows: int, *, until: datetime, seed: int = 7) -> None:
    """Write `rows` requests of the 60 days before `until` into the history."""
    draw = random.Random(seed)
    exchanges = list(traffic(rows, until=until, draw=draw))
    for first in range(0, rows, BATCH_ROWS):
        store.write(exchanges[first : first + BATCH_ROWS])


def traffic(rows: int, *, until: datetime, draw: random.Random) -> Iterator[Exchange]:
    """Requests in order of time: fewer at night and at weekends, a little more every day."""
    served, keys = every_target(), dict(ClientKey.objects.filter(name__in=KEYS).values_list("name", "pk"))
    for number, moment in enumerate(sorted(moments(rows, until=until, draw=draw))):
        one = draw.choices(served, [one.share for one in served])[0]
        others = [other for other in served if other.alias == one.alias and other != one]
        exchange = answered(one, moment, number, keys, draw)
        if draw.random() < trouble_at(moment, until):
            # Mostly one, now and then two that could not be connected to.
            away = draw.sample(others, k=min(len(others), 1 + (draw.random() < 0.2)))
            exchange = handed_over(exchange, away) if away else gone_wrong(exchange, draw)
        elif draw.random() < 0.02:
            exchange = gone_wrong(exchange, draw)
        yield exchange


def every_target() -> list[Served]:
    """All that is asked, with the share of all requests that each gets."""
    targets = Target.objects.filter(alias__name__in=POPULARITY, tier=0, model__isnull=False, position__lt=3)
    return [
        Served(
            target_id=target.pk,
            alias=target.alias.name,
            alias_id=target.alias_id,
            provider=target.model.provider.name,
            model=target.model.name,
            price=price_of(target.model),
            url=f"https://api.{target.model.provider.name}.com/v1/chat/completions",
            share=POPULARITY[target.alias.name] * (target.weight or 1) / sum_of_weights(target),
        )
        for target in targets.select_related("alias", "model__provider")
        if target.model is not None and (target.alias.selector != "in_order" or target.position == 0)
    ]


def price_of(model: ProviderModel) -> Price | None:
    if model.input_usd_per_mtok is None or model.output_usd_per_mtok is None:
        return None
    return Price(input_usd_per_mtok=model.input_usd_per_mtok, output_usd_per_mtok=model.output_usd_per_mtok)


def sum_of_weights(target: Target) -> int:
    return sum(one.weight or 1 for one in target.alias.targets.filter(tier=target.tier))


def moments(rows: int, *, until: datetime, draw: random.Random) -> Iterator[datetime]:
    found = 0
    while found < rows:
        moment = until - timedelta(days=DAYS * draw.random())
        if draw.random() < busyness(moment, until):
            found += 1
            yield moment


def busyness(moment: datetime, until: datetime) -> float:
    """From 0 to 1."""
    by_hour = 0.55 + 0.45 * math.sin((moment.hour + moment.minute / 60 - 8) / 24 * 2 * math.pi)
    by_weekday = 0.45 if moment.weekday() >= 5 else 1.0
    growth = 1 - 0.4 * ((until - moment) / timedelta(days=DAYS))
    return by_hour * by_weekday * growth


def trouble_at(moment: datetime, until: datetime) -> float:
    """The chance that an upstream is down; there was a bad hour this morning, and a bad day two weeks ago."""
    age = until - moment
    bad = timedelta(hours=7) < age < timedelta(hours=8) or timedelta(days=13) < age < timedelta(days=13.5)
    return 0.25 if bad else 0.015


def answered(served: Served, moment: datetime, number: int, keys: Mapping[str, int], draw: random.Random) -> Exchange:
    """`keys`: of the client keys, name -> id."""
    latency_ms = TYPICAL_MS[served.provider] * draw.lognormvariate(0, 0.5) / (6 if served.is_embedding else 1)
    streamed = not served.is_embedding and draw.random() < 0.6
    first_byte_ms = latency_ms * draw.uniform(0.2, 0.4) if streamed else latency_ms
    started_at, key_name = moment.timestamp(), draw.choice(KEYS)
    attempt = Attempt(
        number=1, target_id=served.target_id, provider=served.provider, model=served.model, url=served.url,
        started_at=started_at, latency_ms=latency_ms, first_byte_ms=first_byte_ms, status=200, outcome=Outcome.OK,
        upstream_request_id=f"req_{draw.getrandbits(64):016x}",
    )  # fmt: skip
    usage = Usage(
        input_tokens=int(draw.lognormvariate(6.5, 0.8)),
        output_tokens=0 if served.is_embedding else int(draw.lognormvariate(5.3, 0.7)),
    )
    return Exchange(
        id=str(UUID(int=first_id_at(moment.astimezone(UTC)).int | number)), started_at=started_at, key_id=keys[key_name],
        key_name=key_name, client_address="192.0.2.7",
        api_type="embeddings" if served.is_embedding else "chat", requested_model=asked_for(served, draw),
        alias=served.alias, alias_id=served.alias_id, provider=served.provider, model=served.model,
        target_id=served.target_id, streamed=streamed, outcome=Outcome.OK, status=200, latency_ms=latency_ms + 1.5,
        first_byte_ms=first_byte_ms + 1.5, request_bytes=usage.input_tokens * 5, answer_bytes=usage.output_tokens * 6,
        finish_reason="stop", usage=usage, price=served.price, attempts=(attempt,),
    )  # fmt: skip


def asked_for(served: Served, draw: random.Random) -> str:
    """The alias, and now and then a synonym of it."""
    return "quick" if served.alias == "fast" and draw.random() < 0.15 else served.alias


def gone_wrong(exchange: Exchange, draw: random.Random) -> Exchange:
    endings = (failed, cancelled) if exchange.api_type == "embeddings" else (failed, cancelled, refused)
    return draw.choice(endings)(exchange)


def refused(exchange: Exchange) -> Exchange:
    return replace(
        exchange, alias="", alias_id=None, provider="", model="", target_id=None, usage=None, attempts=(),
        requested_model="gpt-5-turbo", outcome=Outcome.REFUSED, status=404, error_code="model_not_found",
        error="There is no model “gpt-5-turbo”. Did you mean gpt-4o?", latency_ms=0.4, first_byte_ms=None,
        finish_reason="", answer_bytes=190,
    )  # fmt: skip


def handed_over(exchange: Exchange, away: Sequence[Served]) -> Exchange:
    """`away` could not be connected to, one after the other; the next one answered."""
    (last,) = exchange.attempts
    waited = [
        replace(
            last, number=number, target_id=served.target_id, provider=served.provider, model=served.model, url=served.url,
            started_at=last.started_at + 3 * (number - 1), latency_ms=3000.0, first_byte_ms=None, status=None,
            outcome=Outcome.FAILED, condition="connection", error="No connection within 3 s.", upstream_request_id="",
        )
        for number, served in enumerate(away, start=1)
    ]  # fmt: skip
    answered_last = replace(last, number=len(away) + 1, started_at=last.started_at + 3 * len(away))
    latency_ms = exchange.latency_ms + 3000 * len(away)
    return replace(exchange, attempts=(*waited, answered_last), latency_ms=latency_ms)


def failed(exchange: Exchange) -> Exchange:
    (last,) = exchange.attempts
    error = "Rate limit reached for requests per minute. Try again in 20 s."
    attempt = replace(
        last, status=429, outcome=Outcome.FAILED, condition="rate_limited", error=error, latency_ms=90.0,
        first_byte_ms=90.0,
    )  # fmt: skip
    return replace(
        exchange, attempts=(attempt,), usage=None, outcome=Outcome.FAILED, status=429, latency_ms=92.0, first_byte_ms=91.0,
        error_code="upstream_rate_limited", error=error, finish_reason="", answer_bytes=210,
    )  # fmt: skip


def cancelled(exchange: Exchange) -> Exchange:
    (last,) = exchange.attempts
    attempt = replace(last, outcome=Outcome.CANCELLED)
    return replace(
        exchange, attempts=(attempt,), usage=None, outcome=Outcome.CANCELLED, status=499, finish_reason="",
        error_code="client_closed", error="The client went away.",
    )  # fmt: skip
