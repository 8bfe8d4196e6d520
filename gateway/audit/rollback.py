"""The configuration of a revision, made valid again by a new one: nothing of what happened since is forgotten.

It goes the way of an import: the same rules judge it, all or nothing. Credentials that are stored stay those of now, since
no revision holds one; client keys stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.audit import store
from gateway.audit.author import Author
from gateway.audit.comparison import RowChange, changes_between
from gateway.audit.recording import recording
from gateway.interchange.difference import Difference

if TYPE_CHECKING:
    from gateway.audit.models import ConfigRevision


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a rollback would do."""

    rows: Sequence[RowChange]
    difference: Difference
    """What there is to say about it: refusals, and what it would take from others."""


def roll_back(revision: ConfigRevision, author: Author) -> Difference:
    """Do it. A refused one changes nothing: the findings say why."""
    with recording(author) as recorded:
        recorded.fields["rolled_back_to"] = revision.number
        return store.apply_contents(store.contents_of_revision(revision), dry_run=False)


def preview(revision: ConfigRevision) -> Preview:
    """Try it, and take it back."""
    then = store.contents_of_revision(revision)
    rows = changes_between(store.contents_now().configured, then.configured)
    return Preview(rows=rows, difference=store.apply_contents(then, dry_run=True))
