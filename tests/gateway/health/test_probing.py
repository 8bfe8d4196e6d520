"""Whom to probe, with what, and what is told of it."""

import json

import pytest

from gateway.health.letters import Sheet, Shown, Word
from gateway.health.probing import body_of, news_of, wanting
from providers.errors import Condition, UpstreamAuthFailed, UpstreamRejected
from providers.verdict import Harm, Scope, Verdict, judge
from routing.health import HealthBook
from routing.health.news import Event, News
from routing.table import Upstream
from tests.routing.health.scenes import HARD, STALL, START, a_book, a_verdict, answer_well, ask, broken

KEY = "openai/gpt-4o"


def an_upstream(every_seconds: float | None = 30.0, **fields: object) -> Upstream:
    urls = {"chat": "https://api.openai.com/v1/chat/completions"}
    return Upstream(
        **{  # type: ignore[arg-type]  # any field's value
            "key": KEY,
            "provider": "openai",
            "model": "gpt-4o",
            "urls": urls,
            "probe_every_seconds": every_seconds,
            **fields,
        }
    )


def a_sheet(book: HealthBook, at: float = START) -> Sheet:
    return Sheet(upstreams=[Shown(told=health.as_told(at)) for health in book])


def test_whoever_did_not_ask_for_it_is_not_probed() -> None:
    assert wanting([an_upstream(None)], [], []) == []


def test_an_upstream_that_two_targets_share_is_probed_once() -> None:
    assert wanting([an_upstream(), an_upstream()], [], []) == [an_upstream()]


def test_one_that_is_asked_by_clients_is_spared() -> None:
    book = a_book()
    answer_well(book.of(KEY), START)

    assert wanting([an_upstream()], [], [a_sheet(book)]) == []


def test_one_that_was_asked_and_is_open_is_probed() -> None:
    book = a_book()
    broken(book.of(KEY))

    assert wanting([an_upstream()], [], [a_sheet(book)]) == [an_upstream()]


def test_one_that_nobody_has_asked_for_a_minute_is_probed() -> None:
    book = a_book()
    ask(book.of(KEY), START)

    assert wanting([an_upstream()], [], [a_sheet(book, START + 120)]) == [an_upstream()]


@pytest.mark.parametrize(
    ("news", "is_probed"),
    [
        (News(key=KEY, event=Event.RESTS, number=1, condition=Condition.RATE_LIMITED), False),
        (News(key=KEY, event=Event.RESTS, number=1, condition=Condition.OVERLOADED), False),
        (News(key=KEY, event=Event.RESTS, number=1, condition=Condition.MODEL_NOT_FOUND), True),
        (News(key="openai", event=Event.CREDENTIAL_RESTS, number=1, condition=Condition.AUTH), True),
        (News(key="groq/llama", event=Event.RESTS, number=1, condition=Condition.RATE_LIMITED), True),
    ],
)
def test_who_asked_us_to_wait_is_not_probed_meanwhile(news: News, is_probed: bool) -> None:
    assert bool(wanting([an_upstream()], [Word(news=[news])], [])) == is_probed


def test_a_probe_is_one_word_in_and_one_token_out() -> None:
    assert json.loads(body_of(an_upstream())) == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 1,
    }


def test_an_embedding_model_is_asked_in_its_own_way() -> None:
    upstream = an_upstream(urls={"embeddings": "https://api.openai.com/v1/embeddings"})

    assert json.loads(body_of(upstream)) == {"model": "gpt-4o", "input": "hi"}


@pytest.mark.parametrize(
    ("verdict", "event", "key", "seconds"),
    [
        (None, Event.ANSWERED, KEY, 5.5),
        (judge(UpstreamRejected("no max_tokens", upstream_status=400)), Event.ANSWERED, KEY, 5.5),
        (a_verdict(Harm.FAILURE), Event.OPENED, KEY, 5.0),
        (STALL, Event.OPENED, KEY, 5.0),
        (HARD, Event.OPENED, KEY, 60.0),
        (judge(UpstreamAuthFailed("wrong", upstream_status=401)), Event.CREDENTIAL_RESTS, "openai", 60.0),
        (a_verdict(Harm.REST, Condition.MODEL_NOT_FOUND, rest_seconds=300.0), Event.RESTS, KEY, 300.0),
        (a_verdict(Harm.REST, Condition.RATE_LIMITED, scope=Scope.UPSTREAM), Event.RESTS, KEY, 5.0),
    ],
)
def test_what_came_of_it_is_told(verdict: Verdict | None, event: Event, key: str, seconds: float) -> None:
    [news] = news_of(an_upstream(), verdict, 0.5)

    assert (news.event, news.key, news.seconds) == (event, key, seconds)


def test_what_says_nothing_of_the_upstream_is_not_told() -> None:
    assert news_of(an_upstream(), a_verdict(Harm.NONE, Condition.EMPTY), 0.5) == []
