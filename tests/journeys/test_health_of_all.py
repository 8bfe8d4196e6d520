"""Real requests of one process, chosen by what other processes have told it."""

from collections.abc import Iterator

import pytest

from gateway import runtime
from gateway.health.letters import Word
from gateway.health.store import in_folder, in_redis, new_teller, post_of_settings
from providers.errors import Condition
from routing.health.news import Event, News
from tests.gateways import RunningGateway, eventually

pytestmark = pytest.mark.django_db(transaction=True)
BUSY, IDLE = "acme/busy", "acme/idle"


@pytest.fixture(autouse=True)
def told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody tells these words again before their lease ends, and Redis may take its time to answer."""
    for place in (in_redis, in_folder):
        monkeypatch.setattr(place, "LEASE_SECONDS", 120.0)
    monkeypatch.setattr(in_redis, "ANSWER_SECONDS", 60.0)


@pytest.fixture
def teller() -> Iterator[str]:
    """The name of another process."""
    name = new_teller()
    yield name
    post_of_settings().take_away(name)


def tell(teller: str, word: Word) -> None:
    post_of_settings().lay(teller, word, None)


def models_of(gateway: RunningGateway, requests: int) -> set[str]:
    """Who answers so many requests."""
    return {gateway.ask("fast").headers["x-plexus-model"] for _ in range(requests)}


def test_least_connections_sees_the_requests_of_other_processes(gateway: RunningGateway, teller: str) -> None:
    gateway.alias("fast", gateway.model("acme", "busy"), gateway.model("acme", "idle"), selector="least_connections")
    assert models_of(gateway, 30) == {"busy", "idle"}

    tell(teller, Word(in_flight={BUSY: 5}))
    eventually(lambda: runtime.current().health.of(BUSY).in_flight_elsewhere == 5)

    assert models_of(gateway, 10) == {"idle"}


def test_what_rests_in_another_process_is_not_asked_by_this_one(gateway: RunningGateway, teller: str) -> None:
    gateway.alias("fast", gateway.model("acme", "busy"), gateway.model("acme", "idle"), selector="in_order")
    rests = News(key=BUSY, event=Event.RESTS, number=1, seconds=60.0, condition=Condition.RATE_LIMITED)
    assert models_of(gateway, 1) == {"busy"}

    tell(teller, Word(news=[rests]))

    assert eventually(lambda: models_of(gateway, 1) == {"idle"})


def test_what_an_operator_clears_elsewhere_is_asked_again(gateway: RunningGateway, teller: str) -> None:
    gateway.alias("fast", gateway.model("acme", "busy"), gateway.model("acme", "idle"), selector="in_order")
    rests = News(key=BUSY, event=Event.RESTS, number=1, seconds=60.0, condition=Condition.RATE_LIMITED)
    tell(teller, Word(news=[rests]))
    eventually(lambda: models_of(gateway, 1) == {"idle"})

    tell(teller, Word(news=[News(key=BUSY, event=Event.CLEARED, number=1)]))

    assert eventually(lambda: models_of(gateway, 1) == {"busy"})
