"""How a change of keys, or of what they list, reaches a process."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import transaction
from pytest_django import Settings

from gateway.access import keyring
from gateway.access.keyring import Caller, KeyRing
from gateway.access.store import KEYS, compile_keys
from gateway.errors import Unauthorized
from gateway.models import ClientKey
from routing.snapshot import Snapshot
from routing.store import TABLE
from tests.gateways import forget_configuration, saved
from tests.routing.rows import a_model, an_alias

pytestmark = pytest.mark.django_db(transaction=True)
NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def fresh_start(transactional_db: None, settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = ""
    forget_configuration()
    yield
    forget_configuration()


@pytest.fixture
def key() -> ClientKey:
    """A key that may use only what is listed: nothing yet."""
    key = ClientKey(name="billing", access=ClientKey.Access.LISTED)
    key.make()
    return saved(key)


def caller(key: ClientKey) -> Caller:
    """This key, as requests see it now."""
    return KEYS.current.callers[key.digest]


def may_use(key: ClientKey, name: str) -> bool:
    return caller(key).may_use(TABLE.current.resolve(name))


def test_a_new_key_is_let_in_at_once() -> None:
    key = ClientKey(name="billing")
    secret = key.make()
    saved(key)

    assert KEYS.current.admit(secret, now=NOW).name == "billing"


def test_a_key_carries_what_requests_need_of_it(key: ClientKey) -> None:
    key.enabled = False
    key.expires_at = datetime(2030, 1, 1, tzinfo=UTC)
    saved(key)
    fast = an_alias("fast")
    key.allowed_aliases.add(fast)
    model = a_model("openai/gpt-4o")
    key.allowed_models.add(model)

    assert caller(key) == Caller(
        key_id=key.pk,
        name="billing",
        enabled=False,
        expires_at=1_893_456_000.0,
        is_restricted=True,
        aliases=frozenset({fast.pk}),
        models=frozenset({model.pk}),
    )


def test_a_deleted_key_is_nobodys_at_once() -> None:
    key = ClientKey(name="billing")
    secret = key.make()
    saved(key)

    key.delete()

    with pytest.raises(Unauthorized):
        KEYS.current.admit(secret, now=NOW)


def test_what_is_listed_changes_at_once(key: ClientKey) -> None:
    fast, smart = an_alias("fast"), an_alias("smart")

    key.allowed_aliases.add(fast)
    assert (may_use(key, "fast"), may_use(key, "smart")) == (True, False)
    key.allowed_aliases.set([smart])
    assert (may_use(key, "fast"), may_use(key, "smart")) == (False, True)
    key.allowed_aliases.clear()
    assert (may_use(key, "fast"), may_use(key, "smart")) == (False, False)


def test_it_changes_from_the_other_side_too(key: ClientKey) -> None:
    fast, model = an_alias("fast"), a_model("openai/gpt-4o")

    fast.allowed_keys.add(key)
    model.allowed_keys.add(key)
    assert (may_use(key, "fast"), may_use(key, "openai/gpt-4o")) == (True, True)
    fast.allowed_keys.remove(key)
    model.allowed_keys.remove(key)
    assert (may_use(key, "fast"), may_use(key, "openai/gpt-4o")) == (False, False)


def test_a_list_that_is_rolled_back_never_was(key: ClientKey) -> None:
    fast = an_alias("fast")

    with transaction.atomic():
        key.allowed_aliases.add(fast)
        transaction.set_rollback(True)

    assert not may_use(key, "fast")


def test_a_renamed_alias_may_still_be_used_and_its_old_name_not(key: ClientKey) -> None:
    fast = an_alias("fast", synonyms=("quick",))
    key.allowed_aliases.add(fast)
    fast.name = "faster"
    saved(fast)
    an_alias("fast")

    assert [may_use(key, name) for name in ("faster", "quick", "fast")] == [True, True, False]


def test_a_renamed_model_or_provider_may_still_be_used(key: ClientKey) -> None:
    model = a_model("openai/gpt-4o")
    key.allowed_models.add(model)
    model.name = "gpt-5"
    saved(model)
    model.provider.name = "azure"
    saved(model.provider)

    assert may_use(key, "azure/gpt-5")


def test_a_model_that_takes_over_a_listed_models_name_may_not_be_used(key: ClientKey) -> None:
    model = a_model("openai/gpt-4o")
    key.allowed_models.add(model)
    model.name = "gpt-4o-2024"
    saved(model)
    a_model("openai/gpt-4o")

    assert [may_use(key, name) for name in ("openai/gpt-4o-2024", "openai/gpt-4o")] == [True, False]


def test_deleting_what_is_listed_never_widens_a_key(key: ClientKey) -> None:
    fast, model = an_alias("fast"), a_model("openai/gpt-4o")
    smart = an_alias("smart", model)
    key.allowed_aliases.add(fast)

    fast.delete()

    assert caller(key).is_restricted
    assert caller(key).aliases == frozenset()
    assert not any(may_use(key, name) for name in (smart.name, "openai/gpt-4o"))


def test_a_new_alias_of_a_deleted_ones_name_is_not_listed(key: ClientKey) -> None:
    fast = an_alias("fast")
    key.allowed_aliases.add(fast)
    fast.delete()

    an_alias("fast")

    assert not may_use(key, "fast")


def test_an_alias_opens_those_behind_it_but_not_their_own_names(key: ClientKey) -> None:
    model = a_model("openai/gpt-4o")
    an_alias("inner", model)
    key.allowed_aliases.add(an_alias("outer", an_alias("inner-2", model)))

    assert [may_use(key, name) for name in ("outer", "inner-2", "openai/gpt-4o")] == [True, False, False]


def test_another_process_takes_the_keys_over(key: ClientKey) -> None:
    other: Snapshot[KeyRing] = Snapshot(
        subject="client_keys",
        compile=compile_keys,
        encode=keyring.encode,
        decode=keyring.decode,
        empty=KeyRing(version=-1),
    )
    other.catch_up()
    fast = an_alias("fast")
    key.allowed_aliases.add(fast)

    assert other.catch_up()
    assert other.current == KEYS.current
    assert other.current.callers[key.digest].aliases == {fast.pk}
