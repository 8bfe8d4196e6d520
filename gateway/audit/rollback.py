"""The configuration of a revision, made valid again by a new one: nothing of what happened since is forgotten.

It goes the way of an import: the same rules judge it, all or nothing. Credentials that are stored stay those of now, since
no revision holds one; client keys stay as they are, but for names in their lists that are gone then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """The same changes, and what there is to say about it: refusals, and what it would take from others."""


def roll_back(revision: ConfigRevision, author: Author) -> Difference:
    """Do it. A refused one changes nothing: the findings say why."""
    with recording(author) as recorded:
        recorded.fields["rolled_back_to"] = revision.number
        return _applied(revision, dry_run=False).difference


def preview(revision: ConfigRevision) -> Preview:
    """Try it, and take it back."""
    return _applied(revision, dry_run=True)


def _applied(revision: ConfigRevision, *, dry_run: bool) -> Preview:
    """The changes are those between before and after: an import knows nothing of what got its old name back."""
    before = store.contents_now().configured
    difference, after = store.apply_contents(store.contents_of_revision(revision), dry_run=dry_run)
    rows = changes_between(before, after.configured)
    return Preview(rows=rows, difference=replace(difference, changes=tuple(row.change for row in rows)))
