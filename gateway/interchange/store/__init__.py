"""EDGE: a Document -> the database."""

from gateway.interchange.store.applying import apply

__all__ = ["apply"]
