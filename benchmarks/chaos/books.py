"""What the database holds, read with plain SQL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import TypeVar
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from benchmarks.chaos.evidence import AttemptRow, Evidence, RequestRow, StatRow

Row = TypeVar("Row", RequestRow, AttemptRow, StatRow)
TABLES = {RequestRow: "history_requestlog", AttemptRow: "history_attemptlog", StatRow: "history_targetstat"}


async def read_into(evidence: Evidence, url: str) -> None:
    """All rows of all three tables, of one moment."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await connection.execute("SET LOCAL timezone = 'UTC'")
        evidence.requests = await _all(connection, RequestRow)
        evidence.attempts = await _all(connection, AttemptRow)
        evidence.statistics = await _all(connection, StatRow)


async def how_many_of(ids: Collection[UUID], url: str) -> int:
    """Of these requests, how many the database has. Raises psycopg.Error."""
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=2) as connection:
        cursor = await connection.execute("SELECT count(*) FROM history_requestlog WHERE id = ANY(%s)", [list(ids)])
        found = await cursor.fetchone()
    assert found is not None, "count(*) always tells"
    return int(found[0])


async def _all(connection: psycopg.AsyncConnection, kind: type[Row]) -> list[Row]:
    columns = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(kind))
    query = sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(TABLES[kind]))
    async with connection.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query)
        return await cursor.fetchall()
