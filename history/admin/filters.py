"""Filters of the request list. None of them reads more of the table than it shows.

A word that a filter does not know finds nothing: all requests would look like an answer to it.
"""

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta

from django.contrib import admin
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter
from unfold.utils import parse_datetime_str

from history.ids import first_id_at
from history.models import RequestLog, outcomes

Requests = QuerySet[RequestLog]
Choices = list[tuple[str, str]]

MOST_NAMES = 200
NOTHING = "(none)"
"""Stands for the empty name, which no other name can be mistaken for: aliases and providers have no brackets."""

LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
"""The last moment that a second can be added to, with room."""

RECENT = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last 24 hours", timedelta(days=1)),
    "week": ("Last 7 days", timedelta(days=7)),
    "month": ("Last 30 days", timedelta(days=30)),
}

STATUSES = {
    "2xx": ("2xx success", Q(status__lt=300)),
    "4xx": ("4xx the client's business", Q(status__gte=400, status__lt=500)),
    "5xx": ("5xx ours or the upstream's", Q(status__gte=500)),
    **{
        str(status): (f"{status} {meaning}", Q(status=status))
        for status, meaning in (
            (400, "bad request"), (403, "not allowed or key barred"), (404, "no such model"),
            (429, "too many requests"), (499, "client gone"), (500, "internal error"), (502, "upstream failed"),
            (503, "nobody available"), (504, "upstream too late"),
        )
    },
}  # fmt: skip


def distinct_names(field: str) -> list[str]:
    """The values of an indexed column, found by jumping from one to the next: the index is never walked.

    Source: PostgreSQL wiki, "Loose indexscan".
    """
    return _from_one_to_the_next(field, "")


def distinct_codes() -> list[str]:
    """The error codes that occur. Their index leaves out requests without one, so the question has to as well."""
    return _from_one_to_the_next("error_code", "AND {column} > ''")


def _from_one_to_the_next(field: str, narrowed: str) -> list[str]:
    column, table = connection.ops.quote_name(field), connection.ops.quote_name(RequestLog._meta.db_table)
    also = narrowed.format(column=column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE names(name) AS (SELECT MIN({column}) FROM {table} WHERE 1 = 1 {also} UNION ALL "
            f"SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > names.name {also}) FROM names "
            f"WHERE names.name IS NOT NULL) SELECT name FROM names WHERE name IS NOT NULL LIMIT {MOST_NAMES}"
        )
        return [name for (name,) in cursor.fetchall()]


class StartedAtFilter(RangeDateTimeFilter):  # type: ignore[misc]  # unfold ships no types
    """From a time to a time. Ids are in order of time, and the list is in order of ids: so it reads that stretch only."""

    def queryset(self, request: HttpRequest, queryset: Requests) -> Requests | None:
        try:
            start, end = self._moment("from"), self._moment("to")
        except ValueError:
            return queryset.none()
        if start:
            queryset = queryset.filter(id__gte=first_id_at(start))
        if end:
            queryset = queryset.filter(id__lt=first_id_at(end + timedelta(seconds=1)))
        return queryset

    def _moment(self, end: str) -> datetime | None:
        """None where none was said. Raises ValueError for what is no time."""
        day, clock = (self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") for part in (0, 1))
        if not day:
            return None
        moment: datetime | None = parse_datetime_str(f"{day} {clock or ('00:00:00' if end == 'from' else '23:59:59')}")
        if moment is None:
            raise ValueError(day)
        return min(moment.replace(tzinfo=UTC), LATEST)


class OneOf(DropdownFilter, ABC):  # type: ignore[misc]  # unfold ships no types
    """One of a closed set of words. Subclasses say which, and what each looks for."""

    def queryset(self, request: HttpRequest, queryset: Requests) -> Requests:
        word = self.value()
        if not word:
            return queryset
        condition = self.condition(word)
        return queryset.none() if condition is None else queryset.filter(condition)

    @abstractmethod
    def condition(self, word: str) -> Q | None:
        """None for a word that is not among them."""


class RecentFilter(OneOf):
    title = "age"
    parameter_name = "recent"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[RequestLog]") -> Choices:
        return [(name, label) for name, (label, _) in RECENT.items()]

    def condition(self, word: str) -> Q | None:
        if word not in RECENT:
            return None
        _, length = RECENT[word]
        return Q(id__gte=first_id_at(timezone.now() - length))


class NameFilter(DropdownFilter):  # type: ignore[misc]  # unfold ships no types
    """One of the names in a column. Subclasses say which."""

    field: str

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[RequestLog]") -> Choices:
        return [(name or NOTHING, name or "none") for name in distinct_names(self.field)]

    def queryset(self, request: HttpRequest, queryset: Requests) -> Requests:
        name = self.value()
        if not name:
            return queryset
        return queryset.filter(**{self.field: "" if name == NOTHING else name})


class AliasFilter(NameFilter):
    title, parameter_name, field = "alias", "alias", "alias"


class ProviderFilter(NameFilter):
    title, parameter_name, field = "provider", "provider", "provider"


class ModelFilter(NameFilter):
    title, parameter_name, field = "model", "model", "model"


class KeyFilter(NameFilter):
    title, parameter_name, field = "key", "key", "key_name"


class StatusFilter(OneOf):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[RequestLog]") -> Choices:
        return [(name, label) for name, (label, _) in STATUSES.items()]

    def condition(self, word: str) -> Q | None:
        return STATUSES[word][1] if word in STATUSES else None


class OutcomeFilter(OneOf):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[RequestLog]") -> Choices:
        return outcomes()

    def condition(self, word: str) -> Q | None:
        return Q(outcome=word) if word in dict(outcomes()) else None


class ErrorCodeFilter(DropdownFilter):  # type: ignore[misc]  # unfold ships no types
    title = "error code"
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[RequestLog]") -> Choices:
        return [(code, code) for code in distinct_codes()]

    def queryset(self, request: HttpRequest, queryset: Requests) -> Requests:
        code = self.value()
        return queryset.filter(with_code(code)) if code else queryset


def with_code(code: str) -> Q:
    """Requests that ended with this error code, told so that their partial index answers."""
    return Q(error_code=code, error_code__gt="")


class StreamedFilter(OneOf):
    title = "streamed"
    parameter_name = "streamed"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[RequestLog]") -> Choices:
        return [("yes", "Yes"), ("no", "No")]

    def condition(self, word: str) -> Q | None:
        return Q(streamed=word == "yes") if word in ("yes", "no") else None
