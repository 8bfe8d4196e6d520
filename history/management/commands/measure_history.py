"""Measures the pages of the history on a table of any size, in a database that is made for it and dropped after it."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import timezone

from history import periods
from history.management import sample_traffic
from history.models import RequestLog

MOST_MS = 300.0
RUNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A page, several times."""

    name: str
    queries: int
    milliseconds: list[float]
    """In the database, per run."""

    @property
    def passes(self) -> bool:
        return max(self.milliseconds) < MOST_MS

    def __str__(self) -> str:
        median, worst = statistics.median(self.milliseconds), max(self.milliseconds)
        verdict = "PASS" if self.passes else "FAIL"
        return f"{self.name:<44} {self.queries:>7} {median:>9.1f} {worst:>9.1f}  {verdict}"


class Command(BaseCommand):
    help = (
        "Fills a throwaway PostgreSQL database with requests and measures the database time of the request list and of "
        f"the dashboard. Each page must stay under {MOST_MS:g} ms."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=1_000_000, help="How many requests; a million by default.")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's own signature
        if connection.vendor != "postgresql":
            raise CommandError(
                "The history is measured on PostgreSQL, and DATABASE_URL names none. "
                "Set it to one whose user may create databases."
            )
        with throwaway_database():
            started = time.monotonic()
            self.stdout.write(f"Writing {options['rows']:,} requests of 30 days …")
            sample_traffic.fill(options["rows"], until=timezone.now())
            self.stdout.write(f"… in {time.monotonic() - started:.0f} s, on PostgreSQL {server_version()}.\n\n")
            self.stdout.write(f"{'page':<44} {'queries':>7} {'median ms':>9} {'worst ms':>9}\n")
            failed = [measured for measured in self._measure_all() if not measured.passes]
        if failed:
            raise CommandError(f"{len(failed)} pages take {MOST_MS:g} ms or more of the database's time.")

    def _measure_all(self) -> list[Measured]:
        client = Client()
        client.force_login(get_user_model().objects.create_superuser("measure"))
        measured = []
        with override_settings(ALLOWED_HOSTS=["*"]):
            for name, address in pages().items():
                measured.append(measure(client, name, address))
                self.stdout.write(str(measured[-1]))
        return measured


@contextmanager
def throwaway_database() -> Iterator[None]:
    """A new database on the configured server, with all tables, under the default connection."""
    name, own = connection.settings_dict["NAME"], f"plexus_measure_{os.getpid()}"
    connection.settings_dict["TEST"]["NAME"] = own
    connection.ensure_connection()  # else a server that is down would be taken for one that lets us create nothing
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    except (Error, SystemExit) as exc:
        raise CommandError(f"The database {own} could not be created. May this user create databases?") from exc
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def pages() -> dict[str, str]:
    """What is measured -> its address."""
    requests, index = reverse("admin:history_requestlog_changelist"), reverse("admin:index")
    api = reverse("api:requests")
    middle = RequestLog.objects.all()[RequestLog.objects.count() // 2]
    day = f"{middle.started_at:%Y-%m-%d}"
    that_day = f"started_at_from_0={day}&started_at_from_1=00:00:00&started_at_to_0={day}&started_at_to_1=23:59:59"
    return {
        "list, first page": requests,
        "list, last page": f"{requests}?p=200",
        "list, an alias": f"{requests}?alias=smart",
        "list, a rare alias": f"{requests}?alias=team-6",
        "list, a provider": f"{requests}?provider=mistral",
        "list, a model": f"{requests}?model=codestral-latest",
        "list, a key": f"{requests}?key=service+40",
        "list, no key of that name": f"{requests}?key=nobody",
        "list, status 2xx": f"{requests}?status=2xx",
        "list, status 4xx": f"{requests}?status=4xx",
        "list, status 5xx": f"{requests}?status=5xx",
        "list, status 500 (there is none)": f"{requests}?status=500",
        "list, interrupted": f"{requests}?outcome=interrupted",
        "list, an error code": f"{requests}?code=upstream_connect_error",
        "list, an error code (there is none)": f"{requests}?code=nothing",
        "list, ok": f"{requests}?outcome=ok",
        "list, streamed": f"{requests}?streamed=yes",
        "list, a rare alias, 2xx": f"{requests}?alias=team-6&status=2xx",
        "list, no key of that name, 2xx, not streamed": f"{requests}?key=nobody&status=2xx&streamed=no",
        "list, last hour": f"{requests}?recent=hour",
        "list, a day two weeks ago": f"{requests}?{that_day}",
        "list, that day, an alias, 4xx": f"{requests}?{that_day}&alias=fast&status=4xx",
        "list, an alias that had a 504, streamed": f"{requests}?alias=team-6&status=504&streamed=yes",
        "list, search by id": f"{requests}?q={middle.pk}",
        "list, search by model": f"{requests}?q=embed",
        "list, search by error code": f"{requests}?q=model_not_found",
        "list, search for a model nobody asked for": f"{requests}?q=nothing",
        "API, an API type": f"{api}?api_type=embeddings",
        "API, an API type (no row has it)": f"{api}?api_type=messages",
        "API, a status": f"{api}?status=404",
        "API, a status (there is none)": f"{api}?status=203",
        "API, streamed": f"{api}?streamed=true",
        "API, use by key, 24 hours": f"{reverse('api:usage')}?group_by=key",
        "one request": reverse("admin:history_requestlog_change", args=[middle.pk]),
        **{f"dashboard, {period.label}": f"{index}?period={name}" for name, period in periods.PERIODS.items()},
        "dashboard, 30 days, an alias": f"{index}?period=30d&alias=fast",
        "dashboard, 30 days, a target": f"{index}?period=30d&target=openai/gpt-4o-mini",
        "dashboard, 30 days, a target of an alias": f"{index}?period=30d&alias=fast&target=openai/gpt-4o-mini",
        "dashboard, 30 days, compared by latency": f"{index}?period=30d&measure=latency",
    }


def measure(client: Client, name: str, address: str) -> Measured:
    """Ask for a page once to warm up and then several times, through the whole of Django."""
    client.get(address)
    runs = []
    for _ in range(RUNS):
        times: list[float] = []
        with connection.execute_wrapper(stopwatch(times)):
            response = client.get(address)
        if response.status_code != 200:
            raise CommandError(f"{address} answered {response.status_code}.")
        runs.append(sum(times))
    return Measured(name=name, queries=len(times), milliseconds=runs)


def stopwatch(times: list[float]) -> Callable[..., Any]:  # Any: what Django hands through
    """For connection.execute_wrapper: appends the milliseconds of each query, its rows fetched, to `times`."""

    def timed(execute: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            times.append((time.perf_counter() - started) * 1000)

    return timed


def server_version() -> str:
    number = connection.pg_version  # type: ignore[attr-defined]  # PostgreSQL's own, and we know that it is one
    return f"{number // 10000}.{number % 10000}"
