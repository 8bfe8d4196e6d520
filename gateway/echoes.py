"""Secrets that an upstream repeats: not the caller's to see."""

from collections.abc import Iterable, Sequence

LEAST_SECRET_BYTES = 16
"""A shorter credential is a placeholder, as local servers are given (“none”, “ollama”): in an answer it is a word."""
BLOT = b"[redacted]"


def worth_hiding(secrets: Iterable[str]) -> tuple[bytes, ...]:
    """Those that are more than a word. The longest first: one may be a part of another. Raises ValueError."""
    encoded = {secret.encode("latin-1") for secret in secrets}
    return tuple(sorted((one for one in encoded if len(one) >= LEAST_SECRET_BYTES), key=lambda one: (-len(one), one)))


def without_secret(body: bytes, credential: bytes) -> bytes:
    """Some providers repeat the key in their error."""
    return body.replace(credential, BLOT) if credential else body


def without_echo(answer: bytes, secrets: Sequence[bytes]) -> bytes:
    """The same for an answer that is none: byte for byte as it came, unless it holds one of them. See `worth_hiding`."""
    for secret in secrets:
        answer = answer.replace(secret, BLOT)
    return answer
