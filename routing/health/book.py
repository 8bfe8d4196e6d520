"""The health of every upstream that this process has met."""

import random
from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from typing import Final

from routing.health import news as tidings
from routing.health.account import Account
from routing.health.health import Health
from routing.health.news import Event, News
from routing.names import is_guest

UPSTREAM_CAP = 256
"""Requests in flight at one upstream, from one process."""
PROVIDER_CAP = 1000


class HealthBook:
    """Health by upstream key, and what the upstreams of a provider share by its name. Of one event loop."""

    def __init__(
        self, rng: random.Random, *, upstream_cap: int = UPSTREAM_CAP, provider_cap: int = PROVIDER_CAP
    ) -> None:
        self._rng = rng
        self._upstream_cap = upstream_cap
        self._provider_cap = provider_cap
        self._healths: dict[str, Health] = {}
        self.known: Final = self._healths.get
        """Upstream key -> its health, if it was asked for before; for those who ask for each request."""
        self._accounts: dict[str, Account] = {}
        self._believed: dict[str, dict[tuple[str, Event], int]] = {}
        """Teller -> key and event -> its number when it was believed."""
        self._elsewhere: Mapping[str, int] = {}

    def of(self, upstream_key: str) -> Health:
        """Made when it is first asked for. The key begins with the provider's name and a slash."""
        health = self._healths.get(upstream_key)
        if health is None:
            account = self._account(upstream_key.partition("/")[0])
            health = self._healths[upstream_key] = Health(upstream_key, account, self._rng, self._upstream_cap)
            health.in_flight_elsewhere = self._elsewhere.get(upstream_key, 0)
        return health

    def note_credential(self, provider: str, mark: int, now: float) -> None:
        """Which credential a provider is called with, by a number that tells it from others. A new one need not rest."""
        self._account(provider).use(mark, now)

    def limit(self, provider: str, cap: int) -> None:
        """How many requests this process may have in flight at all upstreams of a provider."""
        account = self._account(provider)
        account.cap = cap
        account.is_calm = False

    @property
    def keys(self) -> KeysView[str]:
        return self._healths.keys()

    def __iter__(self) -> Iterator[Health]:
        return iter(self._healths.values())

    def keep_only(self, upstream_keys: set[str]) -> None:
        """Forget those that the configuration no longer has, unless requests are under way there."""
        for key, health in list(self._healths.items()):
            if key not in upstream_keys and not health.in_flight:
                del self._healths[key]

    def forget(self, upstream_key: str) -> bool:
        """Let go of one that nobody may ask for again. False, and nothing happens, while requests are with it."""
        health = self._healths.get(upstream_key)
        if health is not None and health.in_flight:
            return False
        self._healths.pop(upstream_key, None)
        return True

    def in_flight(self) -> dict[str, int]:
        """Upstream key -> requests in flight from this process; without those that have none."""
        return in_flight_at(self)

    def heard_in_flight(self, elsewhere: Mapping[str, int]) -> None:
        """Upstream key -> requests in flight from all other processes together."""
        before, self._elsewhere = self._elsewhere, elsewhere
        for key in before.keys() | elsewhere.keys():  # nobody else is touched: there may be ten thousand
            health = self._healths.get(key)
            if health is not None:
                health.in_flight_elsewhere = elsewhere.get(key, 0)

    def clear(self, upstream_keys: Iterable[str], now: float) -> None:
        """An administrator says that these are well; their credentials need not rest either. Told to all others."""
        for key in upstream_keys:
            self.of(key).clear(now)

    def news(self, now: float) -> list[News]:
        """What to tell the other processes: everything that this one has seen itself and that lasts.

        In one go. Beside requests see news_of() and news_of_credentials().
        """
        return news_of(self, now) + self.news_of_credentials(now)

    def news_of_credentials(self, now: float) -> list[News]:
        rests = ((account.rest, provider) for provider, account in self._accounts.items())
        return [
            each for rest, provider in rests for each in tidings.of_rest(rest, provider, Event.CREDENTIAL_RESTS, now)
        ]

    def heard(self, told: Mapping[str, Sequence[News]], now: float) -> None:
        """Teller -> all that it tells now. Each event is believed once; tellers that are silent are forgotten."""
        self._believed = {teller: self._believed.get(teller, {}) for teller in told}
        spoken = [(each, teller) for teller, news in told.items() for each in news]
        # Whoever cleared an upstream knew what was said of it: the others just have not heard it yet.
        spoken.sort(key=lambda one: one[0].event is Event.CLEARED)
        for each, teller in spoken:
            self._hear(each, self._believed[teller], now)

    def _hear(self, news: News, believed: dict[tuple[str, Event], int], now: float) -> None:
        if believed.get((news.key, news.event)) == news.number:
            return
        believed[news.key, news.event] = news.number
        if news.event is Event.CREDENTIAL_RESTS:
            account = self._account(news.key)
            account.rest.believe(now, news.seconds, news.condition)
            account.is_calm = False
        else:
            tidings.believe(self.of(news.key), news, now)

    def _account(self, provider: str) -> Account:
        account = self._accounts.get(provider)
        if account is None:
            account = self._accounts[provider] = Account(self._rng, self._provider_cap)
        return account


def news_of(healths: Iterable[Health], now: float) -> list[News]:
    """What to tell the other processes of these."""
    # Of guests nothing: what callers call a model that nobody stored would fill the memory of every process.
    told = (health for health in healths if not health.is_quiet(now) and not is_guest(health.key))
    return [each for health in told for each in tidings.of_health(health, now)]


def in_flight_at(healths: Iterable[Health]) -> dict[str, int]:
    """Upstream key -> requests in flight, without those that have none."""
    return {health.key: health.in_flight for health in healths if health.in_flight}
