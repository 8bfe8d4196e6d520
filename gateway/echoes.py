"""Credentials that an upstream repeats: not the caller's to see."""

LEAST_SECRET_BYTES = 16
"""A shorter credential is a placeholder, as local servers are given (“none”, “ollama”): in an answer it is a word."""


def without_secret(body: bytes, credential: bytes) -> bytes:
    """Some providers repeat the key in their error."""
    return body.replace(credential, b"[redacted]") if credential else body


def without_echo(answer: bytes, credential: bytes) -> bytes:
    """The same for an answer that is none: byte for byte as it came, unless it holds the key."""
    return without_secret(answer, credential) if len(credential) >= LEAST_SECRET_BYTES else answer
