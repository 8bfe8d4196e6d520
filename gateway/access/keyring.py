"""The keys of all clients, as requests see them: token -> Caller, in memory, by its SHA-256."""

import hashlib

import msgspec

from gateway.errors import KeyDisabled, KeyExpired, Unauthorized
from routing.table import Frozen, Route


class Caller(Frozen, frozen=True, kw_only=True):
    """Who asks, and which models they may use."""

    key_id: int | None
    """None for an administrator who tries a route from the admin."""
    name: str
    enabled: bool = True
    expires_at: float | None = None
    """Seconds since the epoch."""
    is_restricted: bool = False
    aliases: frozenset[int] = frozenset()
    """By id, and so are the models: a name may have passed to another by the time that this request resolved it."""
    models: frozenset[int] = frozenset()
    """Those that may be asked for directly."""

    def may_use(self, route: Route) -> bool:
        """Judged by what the asked-for name resolved to, so a synonym opens nothing that its alias does not."""
        if not self.is_restricted:
            return True
        return route.model_id in self.models if route.is_direct else route.id in self.aliases


class KeyRing(Frozen, frozen=True, kw_only=True):
    """All keys of one version."""

    version: int = 0
    callers: dict[str, Caller] = {}
    """SHA-256 of the key, in hex -> who it belongs to."""

    def admit(self, token: str, *, now: float) -> Caller:
        """The caller with this key. Raises Unauthorized, KeyDisabled or KeyExpired. `now`: seconds since the epoch."""
        caller = self.callers.get(hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest())
        if caller is None:
            raise Unauthorized()
        if not caller.enabled:
            raise KeyDisabled(caller.key_id, caller.name)
        if caller.expires_at is not None and caller.expires_at <= now:
            raise KeyExpired(caller.key_id, caller.name)
        return caller


def encode(keys: KeyRing) -> bytes:
    """The keys as JSON: hashes and names, no secret."""
    return msgspec.json.encode(keys)


_decoder: "msgspec.json.Decoder[KeyRing]" = msgspec.json.Decoder(KeyRing)


def decode(text: bytes) -> KeyRing:
    """The keys from JSON. Raises msgspec.DecodeError."""
    return _decoder.decode(text)
