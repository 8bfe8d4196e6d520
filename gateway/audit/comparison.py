"""Two pictures of the configuration -> what is different, row by row and field by field, fit to be shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec

from gateway.audit.contents import CLIENT_KEY, Contents
from gateway.audit.entries import (
    ClientKeyEntry,
    decoded,
    inner_of,
    key_of,
    kind_of,
    name_of,
    naming_fields,
    sections,
    written,
)
from gateway.audit.renames import Renames, renames_between
from gateway.audit.stamps import stamp_of_encoded
from gateway.interchange.difference import Change, Deed, FieldChange, counted, shown
from gateway.interchange.document import (
    ABSENT,
    AliasEntry,
    EndpointEntry,
    Entry,
    ModelEntry,
    ProviderEntry,
    SynonymEntry,
    TargetEntry,
)
from providers import extra_headers

A_STORED_KEY = "a stored key"
ANOTHER_VALUE = "another stored value"
DEFAULT = "default"
"""What stands for a field that has it and says nothing."""
MOST_NAMED = 3
"""In a summary: what is more is counted."""


@dataclass(frozen=True, slots=True)
class Seals:
    """Fingerprints of what a provider keeps sealed."""

    credential: str
    headers: Mapping[str, str]


NO_SEALS = Seals("", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One row that changed, and the object that it belongs to: an alias, for its targets."""

    change: Change
    of_kind: str
    of_name: str
    stamp: str
    """Of that object afterwards; empty when it is gone."""


def changes_between(old: Contents, new: Contents) -> list[RowChange]:
    """In the order of kinds and names. A row that was renamed is an updated one, told by its old name."""
    renames = renames_between(old, new)
    return list(chain.from_iterable(_of_kind(kind, cls, old, new, renames) for kind, cls in _kinds()))


def summary_of(rows: Sequence[RowChange]) -> str:
    """One line: “created alias fast; updated provider openai, alias smart and 12 more”."""
    return "; ".join(part for deed in Deed if (part := _summary_of_deed(deed, rows)))


def _summary_of_deed(deed: Deed, rows: Sequence[RowChange]) -> str:
    """An object of which a row was created or deleted, and that was there before and after, was itself updated."""
    deeds: dict[str, Deed] = {}
    for row in rows:
        is_itself = (row.change.kind, row.change.name) == (row.of_kind, row.of_name)
        subject = f"{row.of_kind} {row.of_name}"
        deeds[subject] = row.change.deed if is_itself else deeds.get(subject, Deed.UPDATED)
    subjects = [subject for subject, its_deed in deeds.items() if its_deed is deed]
    if not subjects:
        return ""
    named, more = subjects[:MOST_NAMED], len(subjects) - MOST_NAMED
    return f"{deed} {', '.join(named)}" + (f" and {counted(more, 'other')}" if more > 0 else "")


def kinds() -> list[str]:
    """Of what a change may be: those words that `RowChange.of_kind` has."""
    return [kind for kind, _ in _kinds()]


def _kinds() -> Iterator[tuple[str, type[Entry]]]:
    yield from ((kind, cls) for kind, (_, cls) in sections().items())
    yield CLIENT_KEY, ClientKeyEntry


def _of_kind(kind: str, cls: type[Entry], old: Contents, new: Contents, renames: Renames) -> Iterator[RowChange]:
    olds, news = old.entries.get(kind, {}), new.entries.get(kind, {})
    for was, now in renames.pairs(kind, olds, news):
        seals = _seals(cls, was, old), _seals(cls, now, new)
        before, after = olds.get(was), news.get(now)
        if before == after and seals[0] == seals[1]:
            continue
        for change in _of_entry(_decoded(cls, before), _decoded(cls, after), kind, was or now, renames, seals):
            yield RowChange(change=change, of_kind=kind, of_name=now or was, stamp=_stamp(after))


def _decoded(cls: type[Entry], text: msgspec.Raw | None) -> Entry | None:
    return None if text is None else decoded(cls, text)


def _stamp(text: msgspec.Raw | None) -> str:
    return "" if text is None else stamp_of_encoded(text)


def _seals(cls: type[Entry], name: str, contents: Contents) -> Seals:
    if cls is not ProviderEntry:
        return NO_SEALS
    return Seals(contents.seals.get(name, ""), contents.header_seals.get(name, {}))


def _of_entry(
    old: Entry | None,
    new: Entry | None,
    kind: str,
    name: str,
    renames: Renames,
    seals: tuple[Seals, Seals] = (NO_SEALS, NO_SEALS),
) -> Iterator[Change]:
    """The row itself, if it changed, and what stands within it."""
    entry = new or old
    assert entry is not None  # one of both named it
    deed = Deed.CREATED if old is None else Deed.DELETED if new is None else Deed.UPDATED
    fields = () if new is None else tuple(_fields(old, new, renames, seals))
    if fields or deed is not Deed.UPDATED:
        yield Change(deed=deed, kind=kind, name=name, fields=fields)
    for field in inner_of(type(entry)):
        yield from _inner(_within_old(old, field, renames), _within(new, field), str(key_of(entry)), renames)


def _inner(
    olds: Mapping[object, Entry], news: Mapping[object, Entry], owner: str, renames: Renames
) -> Iterator[Change]:
    """Both by what they are called now. `owner`: its name now."""
    for key in [*(key for key in olds if key not in news), *news]:
        old, new = olds.get(key), news.get(key)
        if old != new:
            entry = old or new
            assert entry is not None  # its key is from one of both
            yield from _of_entry(old, new, kind_of(type(entry)), _inner_name(entry, owner), renames)


def _inner_name(entry: Entry, owner: str) -> str:
    """As an import calls them."""
    match entry:
        case TargetEntry():
            return f"{owner} → {entry}"
        case SynonymEntry():
            return f"{entry.name} of {owner}"
        case EndpointEntry():
            return f"{owner} {entry.api_type}"
        case ModelEntry():
            return f"{owner}/{entry.name}"
    return f"{name_of(entry)} of {owner}"


def _within(entry: Entry | None, field: str) -> dict[object, Entry]:
    entries = () if entry is None else getattr(entry, field)
    return {key_of(one): one for one in (() if entries is ABSENT else entries)}


def _within_old(owner: Entry | None, field: str, renames: Renames) -> dict[object, Entry]:
    """By the keys that they have now, after what they name was renamed."""
    found: dict[object, Entry] = {}
    for key, one in _within(owner, field).items():
        match owner, one:
            case _, TargetEntry():
                found[renames.target_now(one).key] = one
            case ProviderEntry(), ModelEntry():
                found[renames.model_now(owner.name, one.name)] = one
            case _:
                found[key] = one
    return found


def _fields(old: Entry | None, new: Entry, renames: Renames, seals: tuple[Seals, Seals]) -> Iterator[FieldChange]:
    if old is not None:
        yield from _names(old, new)
    before = {} if old is None else _said(old)
    after = {**_said(new)}
    if typed := _typed_anew(*seals):
        after["extra_headers"] = {**_headers(new), **dict.fromkeys(typed, ANOTHER_VALUE)}
    for field in dict.fromkeys([*before, *after]):
        was, is_now = before.get(field, ABSENT), after.get(field, ABSENT)
        if old is None:
            if is_now not in (None, "", [], {}):
                yield FieldChange(field=field, old=None, new=_shown(field, is_now))
        elif was != is_now:
            yield _changed(field, was, is_now)
    was_sealed, is_sealed = (one.credential for one in seals)
    if old is not None and was_sealed and is_sealed and was_sealed != is_sealed:
        yield FieldChange(field="credential", old=A_STORED_KEY, new="another stored key")
    if isinstance(new, AliasEntry) and isinstance(old, AliasEntry):
        yield from _order([renames.target_now(one) for one in old.targets], new.targets)


def _names(old: Entry, new: Entry) -> Iterator[FieldChange]:
    """That it was renamed, or what it points at."""
    for field in naming_fields(type(new)):
        was, is_now = getattr(old, field), getattr(new, field)
        if was != is_now:
            yield FieldChange(field=field, old=was, new=is_now)


def _said(entry: Entry) -> Mapping[str, object]:
    """Field -> value, of the row itself: without what stands within it, and without what names it."""
    hidden = {*inner_of(type(entry)), *naming_fields(type(entry))}
    said = {field: value for field, value in written(entry).items() if field not in hidden}
    if isinstance(entry, ProviderEntry) and said.pop("credential_is_kept", False):
        said["credential"] = A_STORED_KEY
    said.pop("keeps_other_endpoints", None)  # of files only
    if said.pop("kept_headers", None) or "extra_headers" in said:
        said["extra_headers"] = _headers(entry)
    return said


def _headers(entry: Entry) -> Mapping[str, str]:
    """A provider's extra headers as they may be shown."""
    assert isinstance(entry, ProviderEntry)
    headers = {} if entry.extra_headers is ABSENT else entry.extra_headers
    kept = [] if entry.kept_headers is ABSENT else entry.kept_headers
    return extra_headers.shown(headers) | dict.fromkeys(kept, extra_headers.STORED)


def _typed_anew(old: Seals, new: Seals) -> list[str]:
    """The headers whose sealed values are others now."""
    return [name for name, seal in new.headers.items() if old.headers.get(name, seal) != seal]


def _changed(field: str, old: object, new: object) -> FieldChange:
    was, is_now = _shown(field, old), _shown(field, new)
    # Values that are not shown may differ all the same: the fingerprint of a secret.
    return FieldChange(field=field, old=was, new=is_now if was != is_now else f"{is_now}, changed")


def _shown(field: str, value: object) -> str:
    if value is ABSENT:
        return "nothing" if field == "credential" else DEFAULT
    if field == "secret":
        return "not shown"
    if field == "extra_headers" and isinstance(value, dict) and value:
        return extra_headers.line(value)  # as they may be shown: see `_said`
    return value if value == A_STORED_KEY and isinstance(value, str) else shown(field, value)


def _order(old: Sequence[TargetEntry], new: Sequence[TargetEntry]) -> Iterator[FieldChange]:
    """That those targets that stayed stand in another order."""
    both = {one.key for one in old} & {one.key for one in new}
    was, is_now = ([str(one) for one in side if one.key in both] for side in (old, new))
    if was != is_now:
        yield FieldChange(field="order of targets", old=", ".join(was), new=", ".join(is_now))
