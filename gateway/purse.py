"""A routing table with the credentials that go with it: each upstream made ready when it is first needed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.prepared import NO_WAITS, Limits, Prepared, prepare
from providers.errors import Misconfigured
from providers.secrets import CredentialError
from routing.plan import AbleTier
from routing.table import RoutingTable, Upstream, Waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """One version of the table, able to pay."""

    table: RoutingTable
    limits: Limits
    resolve: Callable[[str, str], str] = field(repr=False)
    """Authentication and stored credential -> the secret itself. Raises CredentialError."""
    able_tiers: set[AbleTier] = field(default_factory=set, repr=False)
    """For every Plan over this table: see there."""
    opens: Callable[[Upstream, Prepared | str], None] | None = field(default=None, repr=False)
    """Told of each upstream when it is first needed, with what came of it: ready, or the reason why it cannot be called."""
    _waiting: dict[tuple[str, Waits], Prepared] = field(default_factory=dict, repr=False)
    """Those whose target has deadlines of its own."""
    _opened: dict[str, Prepared | str] = field(default_factory=dict, repr=False)

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
            return prepare(upstream, credential=credential, limits=self.limits, waits=waits)
        except CredentialError as exc:
            return str(exc)
        except (ValueError, TypeError, AttributeError, Misconfigured):
            # A row that was written past the forms. The exception may quote a header's value, which may be a secret.
            return f"The extra headers or limits of the provider “{upstream.provider}” cannot be used; save it anew."
