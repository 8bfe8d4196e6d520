"""The keys of all clients, as requests see them: token -> Caller, in memory, by its SHA-256."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice

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

    @property
    def is_empty(self) -> bool:
        """Nobody is let in."""
        return not self.callers

    def parts(self) -> Iterable[object]:
        """All callers."""
        return self.callers.values()

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


KEYS_PER_PIECE = 1_000
"""A piece is decoded in about a millisecond: as long as nothing else in the process runs."""


def encode(keys: KeyRing) -> Iterator[bytes]:
    """The keys as JSON: hashes and names, no secret. In pieces, each one a key ring of some; there is at least one."""
    yield msgspec.json.encode(KeyRing(version=keys.version))
    callers = iter(keys.callers.items())
    while part := dict(islice(callers, KEYS_PER_PIECE)):
        yield msgspec.json.encode(KeyRing(callers=part))


_decoder: "msgspec.json.Decoder[KeyRing]" = msgspec.json.Decoder(KeyRing)


def decode(pieces: Iterable[bytes]) -> KeyRing:
    """The keys from their pieces. Raises msgspec.DecodeError."""
    version: int | None = None
    callers: dict[str, Caller] = {}
    for piece in pieces:
        part = _decoder.decode(piece)
        version = part.version if version is None else version
        callers |= part.callers
    return KeyRing(version=version or 0, callers=callers)
