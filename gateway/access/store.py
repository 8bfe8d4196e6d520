"""The keys of this process: compiled from the database, shared through Redis like the routing table."""

from gateway.access import keyring
from gateway.access.keyring import Caller, KeyRing
from gateway.models import ClientKey
from routing.snapshot import Snapshot


def compile_keys(version: int) -> KeyRing:
    """The keys that the database holds now. Disabled and expired ones too, so that they can be told so."""
    keys = ClientKey.objects.prefetch_related("allowed_aliases", "allowed_models")
    return KeyRing(version=version, callers={key.digest: _caller(key) for key in keys})


def _caller(key: ClientKey) -> Caller:
    return Caller(
        key_id=key.pk,
        name=key.name,
        enabled=key.enabled,
        expires_at=key.expires_at.timestamp() if key.expires_at else None,
        is_restricted=key.access == ClientKey.Access.LISTED,
        aliases=frozenset(alias.pk for alias in key.allowed_aliases.all()),
        models=frozenset(model.pk for model in key.allowed_models.all()),
    )


KEYS: Snapshot[KeyRing] = Snapshot(
    subject="client_keys",
    compile=compile_keys,
    encode=keyring.encode,
    decode=keyring.decode,
    empty=KeyRing(version=-1),
)
