"""Pages of a table too long to count."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet

from history.models import RequestLog

MOST = 10_000


class NewestFirst(Paginator):  # type: ignore[type-arg]  # Django's own class takes no parameter
    """Pages through the newest 10,000; whoever looks for older ones narrows the time.

    Nothing is counted beyond that, and nothing skipped: page 20,000 would make the database walk past a million rows.
    """

    template_name = "admin/history/newest_first.html"
    """Read by unfold's own pagination. Called pagination.html, Django would take it for every list of this app."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST)

    @property
    def has_more(self) -> bool:
        """Whether there are more than can be paged through."""
        return self._counted > MOST

    @cached_property
    def estimate(self) -> int | None:
        """About how many there are in all; None where that would have to be counted."""
        if self._queryset.query.where or connection.vendor != "postgresql":
            return None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT SUM(GREATEST(c.reltuples, 0))::bigint FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                "WHERE i.inhparent = %s::regclass",
                [RequestLog._meta.db_table],
            )
            (rows,) = cursor.fetchone()
        # PostgreSQL counts each day's piece by itself. Two digits are as many as a guess deserves.
        return int(float(f"{rows:.1e}")) if rows and rows > MOST else None

    @cached_property
    def _counted(self) -> int:
        return self._queryset.order_by().values("pk")[: MOST + 1].count()

    @property
    def _queryset(self) -> "QuerySet[RequestLog, Any]":  # Any: rows or values, it is only counted
        assert isinstance(self.object_list, QuerySet)
        return self.object_list
