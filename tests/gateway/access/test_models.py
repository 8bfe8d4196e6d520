"""Client keys: what is kept of a secret, and the rules of the row."""

import hashlib

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from gateway.models import SHOWN_CHARACTERS, ClientKey
from tests.gateways import saved
from tests.routing.rows import message, refusals

pytestmark = pytest.mark.django_db


def a_key(name: str = "billing", **fields: object) -> ClientKey:
    """A key with a secret, saved."""
    key = ClientKey(name=name, **fields)
    key.make()
    return saved(key)


def test_only_the_hash_and_the_beginning_of_a_secret_are_kept() -> None:
    key = ClientKey(name="billing")
    secret = key.make()
    saved(key)

    kept = ClientKey.objects.values().get()
    assert kept["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    assert kept["prefix"] == secret[:SHOWN_CHARACTERS]
    assert not any(secret in str(value) for value in kept.values())


def test_a_secret_is_long_and_never_the_same() -> None:
    made = {ClientKey(name="billing").make() for _ in range(100)}

    assert len(made) == 100
    assert all(secret.startswith("sk-plx-") and len(secret) == 50 for secret in made)


def test_a_new_secret_takes_the_place_of_the_old_one() -> None:
    key = a_key()
    before = key.digest

    key.make()
    saved(key)

    assert ClientKey.objects.get().digest == key.digest != before


def test_a_key_without_a_secret_cannot_be_saved() -> None:
    with pytest.raises(ValueError, match="make"):
        ClientKey(name="billing").save()


@pytest.mark.parametrize(("name", "code"), [("", "blank"), ("   ", "required"), ("a" * 129, "max_length")])
def test_a_key_says_who_uses_it(name: str, code: str) -> None:
    key = ClientKey(name=name)
    key.make()

    assert refusals(key) == {"name": [code]}


def test_the_name_of_a_key_is_there_once() -> None:
    a_key("billing")
    twin = ClientKey(name="billing")
    twin.make()

    assert refusals(twin) == {"name": ["unique"]}
    assert message(twin, "name") == "A key of this name already exists. Choose another name."


def test_the_database_keeps_no_secret_twice() -> None:
    key = a_key("billing")
    twin = ClientKey(name="other", prefix=key.prefix, digest=key.digest)

    with pytest.raises(IntegrityError), transaction.atomic():
        ClientKey.objects.bulk_create([twin])


def test_an_access_that_does_not_exist_is_refused() -> None:
    key = ClientKey(name="billing", access="some")
    key.make()

    assert refusals(key) == {"access": ["invalid_choice"]}


def test_a_key_outlives_its_owner() -> None:
    owner = User.objects.create_user("ada")
    a_key(owner=owner)

    owner.delete()

    assert ClientKey.objects.get().owner is None
