"""Extra headers of a provider: how their values are stored, and what of them may be shown.

    public      anthropic-version: 2023-06-01   a name of PUBLIC: stored and shown as it stands
    reference   x-team-key: $TEAM_KEY           looked up in the environment, as a credential is
    sealed      helicone-auth: sealed:gAAAAA…   every other value: sealed before it is stored, and never shown

Names are always shown. Headers that were written past the rules (no mapping, a value that is no text) are passed over
here: `objection_to_headers` keeps them from being sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from providers import secrets

PUBLIC: Final = frozenset(
    {
        *("anthropic-version", "anthropic-beta", "openai-beta", "openai-organization", "openai-project"),
        *("http-referer", "x-title", "user-agent", "accept"),
    }
)
"""Well-known headers that carry no secret. Whatever is not here is one: a name says little of what somebody puts into it."""

STORED: Final = "stored"
"""Stands for a value that is not shown; sent back, it leaves the value as it is."""

_HOW_TO_REFER: Final = "A reference is $NAME, with NAME of letters, digits and underscores, and nothing beside it."


def stands_in_clear(name: str, value: object) -> bool:
    """Whether this value may be stored, written to files and shown as it is."""
    if not isinstance(value, str):
        return False
    is_public = name.lower() in PUBLIC and not secrets.is_sealed(value)
    return value == "" or is_public or secrets.is_reference(value)


def in_clear(headers: object) -> dict[str, str]:
    """Those whose values may be shown, with their values."""
    return {name: value for name, value in _named(headers).items() if stands_in_clear(name, value)}


def hidden(headers: object) -> list[str]:
    """The names of all others, in order."""
    return sorted(name for name, value in _named(headers).items() if not stands_in_clear(name, value))


def shown(headers: object) -> dict[str, str]:
    """All of them, in order, as a page or an answer may show them."""
    both = in_clear(headers) | dict.fromkeys(hidden(headers), STORED)
    return dict(sorted(both.items()))


def line(shown_headers: Mapping[str, str]) -> str:
    """For reports: `HTTP-Referer: https://…, X-Team: stored`. Of values that may be shown."""
    return ", ".join(f"{name}: {value}" for name, value in sorted(shown_headers.items()))


def sealed(headers: object, vault: secrets.Vault) -> tuple[dict[str, str], set[str]]:
    """The headers as they may be stored, and the names of those that were sealed just now. Doing it twice does no harm."""
    found = dict(_named(headers))
    literals = {
        name: value
        for name, value in found.items()
        if isinstance(value, str) and not stands_in_clear(name, value) and not secrets.is_sealed(value)
    }
    return found | {name: vault.seal(value) for name, value in literals.items()}, set(literals)


def entered(stored: object, typed: Mapping[str, str], kept: Collection[str], vault: secrets.Vault) -> dict[str, str]:
    """What somebody enters, as headers to store: `typed` ones, and `kept` ones with the values that they have.

    A value that is typed again stays as it was sealed, so that the same file twice changes nothing.
    """
    before = _named(stored)
    headers = {name: before[name] for name in kept if name in before}
    return headers | {name: _entered(before.get(name), value, vault) for name, value in typed.items()}


def opened(headers: Mapping[str, str], vault: secrets.Vault, environment: Mapping[str, str]) -> dict[str, str]:
    """Of those that are sealed or name a variable: what is sent. Raises as `secrets.resolve`, naming the header."""
    return {
        name: _opened(name, value, vault, environment)
        for name, value in headers.items()
        if secrets.is_sealed(value) or secrets.is_reference(value)
    }


def objection_to_references(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Code and message, where a value names a variable in a way that cannot be, or one of our own."""
    for name, value in headers.items():
        if secrets.is_reference(value) and secrets.is_our_own(secrets.reference_name(value)):
            return (
                "our_own_secret",
                f"The value of “{name}” names a setting of Plexus itself, which is never sent to a provider. Name another variable.",
            )
        if value.startswith("$") and not stands_in_clear(name, value):
            return "invalid_reference", f"The value of “{name}” begins with $. {_HOW_TO_REFER}"
    return None


def _named(headers: object) -> Mapping[str, str]:
    return headers if isinstance(headers, Mapping) else {}


def _entered(stored: str | None, value: str, vault: secrets.Vault) -> str:
    if not isinstance(value, str):
        return value  # for the rules to refuse
    if secrets.is_sealed(value):
        # Nobody types that. Sealed texts are copied from a backup, to have another provider's key opened elsewhere.
        return vault.seal(value)
    return stored if isinstance(stored, str) and _opens_to(stored, value, vault) else value


def _opens_to(stored: str, value: str, vault: secrets.Vault) -> bool:
    try:
        return secrets.is_sealed(stored) and vault.open(stored) == value
    except secrets.Unreadable:
        return False


def _opened(name: str, value: str, vault: secrets.Vault, environment: Mapping[str, str]) -> str:
    try:
        return secrets.resolve(value, vault, environment)
    except secrets.CredentialError as exc:
        raise type(exc)(f"The extra header “{name}”: {exc}") from exc
