"""A routing table with the credentials that go with it: each upstream made ready when it is first needed."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.prepared import NO_WAITS, Limits, Prepared, prepare
from providers.errors import Misconfigured
from providers.secrets import CredentialError
from routing.plan import AbleTier
from routing.table import RoutingTable, Upstream, Waits

MOST_GUESTS = 500
"""Models that nobody stored, of providers that take any: of those that were asked for before, nothing is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """One version of the table, able to pay."""

    table: RoutingTable
    limits: Limits
    resolve: Callable[[str, str], str] = field(repr=False)
    """Authentication and stored credential -> the secret itself. Raises CredentialError."""
    open_headers: Callable[[Mapping[str, str]], Mapping[str, str]] = field(repr=False)
    """Extra headers as they are stored -> those that are not sent as they stand, as they are sent. Raises CredentialError."""
    able_tiers: set[AbleTier] = field(default_factory=set, repr=False)
    """For every Plan over this table: see there."""
    opens: Callable[[Upstream, Prepared | str], None] | None = field(default=None, repr=False)
    """Told of each upstream when it is first needed, with what came of it: ready, or the reason why it cannot be called."""
    closes: Callable[[str], bool] | None = field(default=None, repr=False)
    """Told of the key of each guest that is to be forgotten; False while requests are with it."""
    _waiting: dict[tuple[str, Waits], Prepared] = field(default_factory=dict, repr=False)
    """Those whose target has deadlines of its own."""
    _opened: dict[str, Prepared | str] = field(default_factory=dict, repr=False)
    _guests: OrderedDict[str, RoutingTable] = field(default_factory=OrderedDict, repr=False)
    """Upstream key -> a table of this upstream alone; the one asked for last at the end."""

    def welcome(self, guest: Upstream) -> RoutingTable:
        """A table that holds this upstream alone. Callers name guests as they like, so the least lately used are forgotten."""
        table = self._guests.get(guest.key)
        if table is None:
            table = self._guests[guest.key] = RoutingTable(version=self.table.version, upstreams=(guest,))
            self._make_room()
        self._guests.move_to_end(guest.key)
        return table

    def _make_room(self) -> None:
        while len(self._guests) > MOST_GUESTS:
            key, table = self._guests.popitem(last=False)
            if self.closes is not None and not self.closes(key):
                self._guests[key] = table  # looked at again when the others have had their turn
                return
            self._opened.pop(key, None)

    def prepared(self, upstream: Upstream, waits: Waits | None = None) -> Prepared:
        """The upstream ready to be called. Only for one that `objection` has nothing against."""
        if waits is not None:
            return self._waiting.get((upstream.key, waits)) or self._open_waiting(upstream, waits)
        found = self._opened.get(upstream.key) or self._open(upstream)
        assert isinstance(found, Prepared)
        return found

    def objection(self, upstream: Upstream) -> str | None:
        """Why this process cannot call it, or None. Names variables of ours, so not for callers."""
        found = self._opened.get(upstream.key) or self._open(upstream)
        return found if isinstance(found, str) else None

    def _open(self, upstream: Upstream) -> Prepared | str:
        found = self._opened[upstream.key] = self._prepare(upstream, NO_WAITS)
        if self.opens is not None:
            self.opens(upstream, found)
        return found

    def _open_waiting(self, upstream: Upstream, waits: Waits) -> Prepared:
        prepared = self._prepare(upstream, waits)
        assert isinstance(prepared, Prepared)
        self._waiting[upstream.key, waits] = prepared
        return prepared

    def _prepare(self, upstream: Upstream, waits: Waits) -> Prepared | str:
        try:
            credential = self.resolve(upstream.auth, upstream.credential)
            opened = self.open_headers(upstream.headers)
            return prepare(upstream, credential=credential, opened=opened, limits=self.limits, waits=waits)
        except CredentialError as exc:
            return str(exc)
        except (ValueError, TypeError, AttributeError, Misconfigured):
            # A row that was written past the forms. The exception may quote a header's value, which may be a secret.
            return f"The extra headers or limits of the provider “{upstream.provider}” cannot be used; save it anew."
