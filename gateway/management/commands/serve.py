"""`manage.py serve`: the production start."""

import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from gateway.management import admin_address, database, one_process
from gateway.management.handover import NoHandover, Offer, Taken, take_over
from gateway.management.history_worker import WORKER_NEEDED, HistoryWorker
from gateway.management.saying import say
from gateway.management.serving import CannotListen, limit_stalls, listen, stop_signals_to, url_of
from gateway.management.workers import Workers, WorkersFailed
from history.embedded import broker_is_a_folder
from routing.store import TABLE

MOST_WORKERS = 256


class Command(BaseCommand):
    help = "Serves the gateway and the admin, until Ctrl-C or SIGTERM."
    requires_system_checks = []  # made once the port is ours: on Django 6.1 they open the database

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 is all (default: %(default)s)"
        )
        parser.add_argument("--port", type=int, default=4000, help="default: %(default)s")
        parser.add_argument(
            "--workers",
            type=int,
            default=1,
            help="processes, about one per core (default: 1)",
        )
        parser.add_argument(
            "--take-over",
            action="store_true",
            help="take the port from the gateway that serves it now, without refusing a connection, and stop that one",
        )
        parser.add_argument("--migrate", action="store_true", help="first apply the migrations that are pending")

    def handle(
        self, *args: Any, host: str, port: int, workers: int, take_over: bool, migrate: bool, **options: Any
    ) -> None:
        check_workers(workers)
        self.taken = taken_from_predecessor(host, port) if take_over else None
        try:
            listening = self.taken.listening if self.taken else listen(host, port)
        except CannotListen as exc:
            raise CommandError(str(exc)) from exc
        self.offer = Offer(listening, host, listening.getsockname()[1])
        with listening, self.offer:
            self.check_what_is_there()
            self.bring_database_up_to_date(migrate)
            self.serve(listening, workers)
        self.say("Plexus has stopped.")

    def check_what_is_there(self) -> None:
        try:
            self.check()
        except OperationalError:
            return  # the database is silent: whether that stops the start is decided where it is asked next

    def bring_database_up_to_date(self, migrate: bool) -> None:
        try:
            pending = database.pending_migrations()
        except database.DatabaseSilent as exc:
            if not TABLE.has_copy:
                raise
            self.say(f"{exc} Until it does, Plexus serves what this machine last knew.")
            return
        if not pending:
            return
        if not migrate:
            raise CommandError(f"{database.lack_of(len(pending))}, or start with `manage.py serve --migrate`.")
        self.say("Migrating the database …")
        database.migrate()

    def serve(self, listening: socket.socket, workers: int) -> None:
        def go_public() -> None:
            if self.taken is not None:
                self.taken.begin()
            self.offer.begin()
            self.say_where(listening, workers)

        if workers == 1:
            one_process.serve(listening, on_ready=go_public)
            return
        history_worker = HistoryWorker()

        def go_on() -> None:
            go_public()
            history_worker.begin()

        several = Workers(workers, listening, drain_seconds=settings.PLEXUS_DRAIN_SECONDS, on_ready=go_on)
        with stop_signals_to(several.request_stop), history_worker:
            try:
                several.run()
            except WorkersFailed as exc:
                raise CommandError(f"{exc} What it said stands above.") from exc

    def say_where(self, listening: socket.socket, workers: int) -> None:
        url = url_of(listening)
        if refusal := admin_address.refusal_at(url):
            self.say(refusal)
        by = f" with {workers} workers" if workers > 1 else ""
        self.say(f"Plexus serves on {url}{by}. Admin: {url}/admin/. Ctrl-C ends it.")
        if not broker_is_a_folder():
            self.say(WORKER_NEEDED)

    def say(self, sentence: str) -> None:
        say(self.stdout, sentence)


def taken_from_predecessor(host: str, port: int) -> Taken | None:
    """The socket of the gateway that runs there, if one does. Raises CommandError where that cannot be."""
    try:
        taken = take_over(host, port)
    except NoHandover as exc:
        raise CommandError(str(exc)) from exc
    if taken is not None:
        limit_stalls(taken.listening)
    return taken


def check_workers(workers: int) -> None:
    """Raise CommandError for a number that cannot be."""
    if not 1 <= workers <= MOST_WORKERS:
        raise CommandError(f"--workers is a number from 1 to {MOST_WORKERS}.")
