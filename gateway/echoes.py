"""Secrets that an upstream repeats: not the caller's to see."""

from collections.abc import Iterable, Sequence

LEAST_SECRET_BYTES = 16
"""A shorter one is a placeholder, as local servers are given (“none”, “ollama”): in an answer it is a word."""
LEAST_BYTES_IN_ERRORS = 8
"""Of a header's value in an error, which is more likely to repeat it. Shorter ones (“true”, “prod”) would be found anywhere."""
BLOT = b"[redacted]"


def worth_hiding(secrets: Iterable[str], least_bytes: int = LEAST_SECRET_BYTES) -> tuple[bytes, ...]:
    """Those that are more than a word. The longest first: one may be a part of another. Raises ValueError."""
    encoded = {secret.encode("latin-1") for secret in secrets}
    return tuple(sorted((one for one in encoded if len(one) >= least_bytes), key=lambda one: (-len(one), one)))


def worth_hiding_in_errors(credential: str, headers: Iterable[str]) -> tuple[bytes, ...]:
    """The same for errors, some of which repeat the key: however short that is. Raises ValueError."""
    values = worth_hiding([credential, *headers], LEAST_BYTES_IN_ERRORS)
    key = credential.encode("latin-1")
    return values if not key or key in values else (*values, key)


def without_echo(answer: bytes, secrets: Sequence[bytes]) -> bytes:
    """Byte for byte as it came, unless it holds one of them. See `worth_hiding`."""
    for secret in secrets:
        answer = answer.replace(secret, BLOT)
    return answer
