"""Who is let in, and to what: on keys in memory."""

import hashlib

import msgspec
import pytest

from gateway.access.keyring import Caller, KeyRing, decode, encode
from gateway.errors import KeyDisabled, KeyExpired, Unauthorized
from routing.table import DisabledModel, Route, RoutingTable, Upstream

NOW = 1_700_000_000.0


def a_ring(**callers: Caller) -> KeyRing:
    """Each caller's key is their name here."""
    return KeyRing(version=1, callers={hashlib.sha256(key.encode()).hexdigest(): who for key, who in callers.items()})


def restricted_to(*, aliases: tuple[int, ...] = (), models: tuple[int, ...] = ()) -> Caller:
    return Caller(key_id=1, name="bob", is_restricted=True, aliases=frozenset(aliases), models=frozenset(models))


FAST, SMART = 1, 2
GPT_4O, OLD = 1, 2


def a_table() -> RoutingTable:
    """The alias `fast` (synonym `quick`), the alias `smart`, and openai/gpt-4o."""
    return RoutingTable(
        upstreams=(Upstream(key="openai/gpt-4o", model_id=GPT_4O, provider="openai", model="gpt-4o", urls={}),),
        routes={"fast": Route(name="fast", id=FAST), "smart": Route(name="smart", id=SMART)},
        synonyms={"quick": "fast"},
        direct={"openai/gpt-4o": 0},
        disabled={"openai/old": DisabledModel(model_id=OLD, reason="it is disabled")},
    )


def allowed(caller: Caller) -> set[str]:
    """Of all names of the table, those that this caller may use."""
    names = ("fast", "quick", "smart", "openai/gpt-4o", "direct/openai/gpt-4o", "openai/old")
    return {name for name in names if caller.may_use(a_table().resolve(name))}


def test_a_key_lets_its_owner_in() -> None:
    bob = Caller(key_id=1, name="bob")

    assert a_ring(secret=bob).admit("secret", now=NOW) is bob


@pytest.mark.parametrize("token", ["", "Secret", "secret ", "secre", "\ud800", "ключ", "x" * 100_000])
def test_any_other_token_is_nobodys(token: str) -> None:
    with pytest.raises(Unauthorized):
        a_ring(secret=Caller(key_id=1, name="bob")).admit(token, now=NOW)


def test_the_hash_itself_is_no_key() -> None:
    ring = a_ring(secret=Caller(key_id=1, name="bob"))

    with pytest.raises(Unauthorized):
        ring.admit(next(iter(ring.callers)), now=NOW)


def test_a_disabled_key_is_told_so() -> None:
    with pytest.raises(KeyDisabled):
        a_ring(secret=Caller(key_id=1, name="bob", enabled=False)).admit("secret", now=NOW)


@pytest.mark.parametrize("expires_at", [NOW, NOW - 0.001, 0.0])
def test_a_key_is_expired_from_that_very_moment(expires_at: float) -> None:
    with pytest.raises(KeyExpired):
        a_ring(secret=Caller(key_id=1, name="bob", expires_at=expires_at)).admit("secret", now=NOW)


def test_until_then_it_is_not() -> None:
    bob = Caller(key_id=1, name="bob", expires_at=NOW + 0.001)

    assert a_ring(secret=bob).admit("secret", now=NOW) is bob


def test_a_key_without_a_list_may_use_everything() -> None:
    assert len(allowed(Caller(key_id=1, name="bob"))) == 6


def test_an_allowed_alias_may_be_used_by_all_its_names_and_not_past_it() -> None:
    assert allowed(restricted_to(aliases=(FAST,))) == {"fast", "quick"}


def test_an_allowed_model_may_be_used_by_both_its_names_and_opens_no_alias() -> None:
    assert allowed(restricted_to(models=(GPT_4O,))) == {"openai/gpt-4o", "direct/openai/gpt-4o"}


def test_an_empty_list_allows_nothing() -> None:
    assert allowed(restricted_to()) == set()


def test_a_disabled_model_of_the_list_may_be_asked_for_and_told_of() -> None:
    assert allowed(restricted_to(models=(OLD,))) == {"openai/old"}


def test_no_alias_of_the_list_opens_a_model_that_is_asked_for_directly() -> None:
    assert allowed(restricted_to(aliases=(0,))) == set()


def test_no_model_of_the_list_opens_an_alias() -> None:
    assert allowed(restricted_to(models=(0,))) == set()


def test_keys_come_back_from_json_as_they_were() -> None:
    ring = a_ring(
        one=restricted_to(aliases=(FAST,), models=(GPT_4O,)),
        two=Caller(key_id=None, name="admin", enabled=False, expires_at=NOW),
    )

    assert decode(encode(ring)) == ring


def test_json_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode([b'{"callers": {"x": {}}}'])
