"""Keep a provider's credential, or an extra header of it: sealed in the database, or the name of the variable that holds it.

    literal     sk-…              typed by an administrator; sealed before it is stored
    reference   $OPENAI_API_KEY   or ${OPENAI_API_KEY}; looked up at start and on every new table
    sealed      sealed:gAAAAA…    a Fernet token: AES-128-CBC with HMAC-SHA256, under the first of our keys

    Exception
    └── CredentialError
        ├── MissingCredential   a reference that leads nowhere
        ├── OurOwnSecret        a reference to a secret of Plexus itself
        └── Unreadable          a sealed text that none of our keys opens

Messages name the variable or the cure, never the secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

SEAL: Final = "sealed:"

OUR_OWN: Final = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "POSTGRES_PASSWORD", "PGPASSWORD"}
"""Variables that hold our own secrets, with every PLEXUS_…: whoever may name one would have it sent to any address."""

_REFERENCE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})", re.ASCII)
_NAMES_OF_SECRETS = re.compile(r"auth|key|token|secret|cookie|password|credential", re.IGNORECASE)
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


class CredentialError(Exception):
    """A credential that cannot be used."""


class MissingCredential(CredentialError):
    """The environment does not hold what the reference names."""


class OurOwnSecret(CredentialError):
    """The reference names a variable that is for Plexus alone."""


class Unreadable(CredentialError):
    """None of our keys opens the sealed text."""


class Vault:
    """Seals with the first key and opens with any: put a new key in front and keep the old one to rotate."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError, which counts the keys from 1 and shows none."""
        if not keys:
            raise ValueError("At least one key is needed to seal credentials.")
        self._fernet = MultiFernet([_fernet(key, place) for place, key in enumerate(keys, start=1)])

    def seal(self, text: str) -> str:
        """A text for the database; another one each time."""
        return SEAL + self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Raises Unreadable."""
        token = sealed.removeprefix(SEAL)
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except (InvalidToken, UnicodeError) as exc:
            reason = "It was sealed with a key that is no longer configured, or was changed; enter it anew."
            raise Unreadable(f"What is stored cannot be opened. {reason}") from exc


def new_key() -> str:
    """A key for a Vault: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


def is_sealed(stored: str) -> bool:
    return stored.startswith(SEAL)


def is_reference(stored: str) -> bool:
    return _REFERENCE.fullmatch(stored) is not None


def reference_name(stored: str) -> str:
    """`OPENAI_API_KEY` of `$OPENAI_API_KEY` or `${OPENAI_API_KEY}`. Raises ValueError."""
    match = _REFERENCE.fullmatch(stored)
    if match is None:
        raise ValueError("A reference is written $NAME or ${NAME}.")
    return match.group(1) or match.group(2)


def is_our_own(name: str) -> bool:
    """Whether this environment variable is a setting of Plexus itself, and so no provider's key."""
    # Windows does not tell the cases apart.
    return name.upper() in OUR_OWN or name.upper().startswith("PLEXUS_")


def may_carry_a_key(header: str) -> bool:
    """Whether a header of this name looks as if its value were a key, which nobody should keep in a file."""
    return _NAMES_OF_SECRETS.search(header) is not None


def resolve(stored: str, vault: Vault, environment: Mapping[str, str]) -> str:
    """The credential itself, fit for a header. Raises MissingCredential, OurOwnSecret or Unreadable."""
    if is_reference(stored):
        return _from_environment(reference_name(stored), environment)
    return vault.open(stored) if is_sealed(stored) else stored


def needed(auth: str, stored: str, vault: Vault, environment: Mapping[str, str]) -> str:
    """The credential that this authentication sends; empty under `none`, whatever is still stored. Raises as resolve."""
    return "" if auth == "none" else resolve(stored, vault, environment)


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if is_our_own(name):
        raise OurOwnSecret(
            f"The environment variable {name} is a setting of Plexus and no provider's key; name another."
        )
    # A variable that was read from a file often ends with a line break.
    value = environment.get(name, "").strip()
    if not value:
        raise MissingCredential(f"The environment variable {name} is not set; set it and restart the gateway.")
    if _HEADER_VALUE.fullmatch(value) is None:
        raise MissingCredential(f"The environment variable {name} holds characters that no HTTP header may hold.")
    return value


def _fernet(key: str, place: int) -> Fernet:
    try:
        return Fernet(key)
    except ValueError as exc:
        raise ValueError(f"Key {place} is not a key of 32 bytes in URL-safe base64 (44 characters).") from exc
