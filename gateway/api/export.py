"""A table row by row to whoever asks, however long it is: a stretch of rows is read, written, and forgotten.

Each stretch is a query of its own that goes on below the last id. So no cursor is held open while a slow reader reads: a server-side
one would keep a connection and a snapshot for all that time, and end with the first statement timeout.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from rest_framework.request import Request

ROWS_AT_ONCE = 1000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell. Names of models come from anybody who has a key.
Source: OWASP, "CSV Injection"."""

Row = Sequence[Any]  # Any: of whatever column
Columns = Mapping[str, Callable[[Any], Any]]  # Any: of whatever column
"""Field -> how its value is written, unless it is None: as the list of the API writes it, so that one reader reads both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How rows are written."""

    content_type: str
    suffix: str
    head: Callable[[Sequence[str]], bytes]
    """Before the first row, for these fields."""
    write: Callable[[Sequence[str], Sequence[Row]], bytes]


def streamed(request: Request, rows: "QuerySet[Any]", columns: Columns, form: Form) -> StreamingHttpResponse:
    """All rows, newest id first. Under WSGI synchronously, under ASGI a stretch at a time in Django's thread."""
    stretches = written(rows, columns, form)
    # Django would read all of a synchronous stream into memory before an ASGI server gets the first of it.
    content = one_by_one(stretches) if isinstance(request._request, ASGIRequest) else stretches
    headers = {
        "Content-Disposition": f'attachment; filename="requests.{form.suffix}"',
        "Cache-Control": "no-store, private",
    }
    return StreamingHttpResponse(content, content_type=form.content_type, headers=headers)


def written(rows: "QuerySet[Any]", columns: Columns, form: Form) -> Iterator[bytes]:
    """The head, then stretch after stretch."""
    fields, writings = [*columns], [*columns.values()]
    yield form.head(fields)
    ordered = rows.order_by("-id").values_list("id", *fields)
    last = None
    while stretch := list((ordered if last is None else ordered.filter(id__lt=last))[:ROWS_AT_ONCE]):
        last = stretch[-1][0]
        yield form.write(fields, [_in_writing(row[1:], writings) for row in stretch])


def _in_writing(row: Row, writings: Sequence[Callable[[Any], Any]]) -> Row:  # Any: see Columns
    return [None if value is None else write(value) for value, write in zip(row, writings, strict=True)]


async def one_by_one(stretches: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(lambda: next(stretches, None))
    while (stretch := await following()) is not None:
        yield stretch


def as_csv(fields: Sequence[str], rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def cell(value: object) -> object:
    """What no spreadsheet calculates; a truth as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_lines(fields: Sequence[str], rows: Sequence[Row]) -> bytes:
    return b"".join(msgspec.json.encode(dict(zip(fields, row, strict=True))) + b"\n" for row in rows)


FORMATS = {
    "csv": Form(
        content_type="text/csv; charset=utf-8", suffix="csv", head=lambda fields: as_csv(fields, [fields]), write=as_csv
    ),
    "jsonl": Form(content_type="application/jsonl", suffix="jsonl", head=lambda fields: b"", write=as_lines),
}
