"""Revisions, changes and events, for reading only; and the way back."""

from gateway.admin.audit import changes, events, history_button, revisions

__all__ = ["changes", "events", "history_button", "revisions"]
