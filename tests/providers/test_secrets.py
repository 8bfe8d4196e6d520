"""Sealing credentials and finding the ones that are elsewhere."""

from __future__ import annotations

import pytest

from providers.secrets import (
    MissingCredential,
    OurOwnSecret,
    Unreadable,
    Vault,
    is_reference,
    is_sealed,
    new_key,
    reference_name,
    resolve,
)

VAULT = Vault([new_key()])


def test_what_is_sealed_opens_again_and_does_not_show() -> None:
    sealed = VAULT.seal("sk-é-secret")

    assert is_sealed(sealed)
    assert "secret" not in sealed
    assert VAULT.open(sealed) == "sk-é-secret"


def test_a_new_key_in_front_still_opens_what_the_old_one_sealed() -> None:
    old, new = new_key(), new_key()
    sealed = Vault([old]).seal("s")

    both = Vault([new, old])

    assert both.open(sealed) == "s"
    assert Vault([new]).open(both.seal("s")) == "s"


@pytest.mark.parametrize("sealed", ["sealed:", "sealed:nonsense", "sealed:é", "", Vault([new_key()]).seal("other")])
def test_what_no_key_opens_is_unreadable(sealed: str) -> None:
    with pytest.raises(Unreadable, match="enter it anew"):
        VAULT.open(sealed)


def test_a_changed_text_is_unreadable() -> None:
    sealed = VAULT.seal("secret")

    with pytest.raises(Unreadable):
        VAULT.open(sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:])


def test_a_wrong_key_is_named_by_its_place_and_not_shown() -> None:
    with pytest.raises(ValueError, match="Key 2 ") as caught:
        Vault([new_key(), "hunter2"])

    assert "hunter2" not in str(caught.value)


def test_a_vault_needs_a_key() -> None:
    with pytest.raises(ValueError, match="At least one key"):
        Vault([])


@pytest.mark.parametrize("stored", ["$OPENAI_API_KEY", "${OPENAI_API_KEY}"])
def test_a_reference_is_written_in_two_ways(stored: str) -> None:
    assert is_reference(stored)
    assert reference_name(stored) == "OPENAI_API_KEY"


@pytest.mark.parametrize("stored", ["", "$", "sk-1", "$A-B", "${A", "$A}", "$1A", "$A\n", "x$A", "$Ä"])
def test_other_texts_are_no_reference(stored: str) -> None:
    assert not is_reference(stored)
    with pytest.raises(ValueError, match="NAME"):
        reference_name(stored)


def test_each_kind_of_credential_is_resolved() -> None:
    environment = {"KEY": "from-environment\n"}

    assert resolve("${KEY}", VAULT, environment) == "from-environment"
    assert resolve(VAULT.seal("from-vault"), VAULT, environment) == "from-vault"
    assert resolve("as-it-is", VAULT, environment) == "as-it-is"


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PLEXUS_ENCRYPTION_KEYS", "secret_key"])
def test_a_secret_of_our_own_is_never_resolved(name: str) -> None:
    with pytest.raises(OurOwnSecret, match=name) as caught:
        resolve(f"${name}", VAULT, {name: "the-signing-key"})

    assert "the-signing-key" not in str(caught.value)


@pytest.mark.parametrize("environment", [{}, {"KEY": ""}, {"KEY": " \n"}])
def test_an_unset_variable_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(MissingCredential, match="environment variable KEY is not set"):
        resolve("$KEY", VAULT, environment)


@pytest.mark.parametrize("value", ["two\nlines", "sk-é", "a\x00b"])
def test_a_variable_that_no_header_may_hold_is_refused_unseen(value: str) -> None:
    with pytest.raises(MissingCredential, match="KEY holds characters") as caught:
        resolve("$KEY", VAULT, {"KEY": value})

    assert value not in str(caught.value)
