"""`manage.py quickstart`: from nothing to an answered request, and then serve."""

import os
import socket
import sys
import threading
import time
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from gateway.access.roles import ROLES
from gateway.checks import ENVIRONMENT
from gateway.management import admin_address, database, one_process
from gateway.management.history_worker import WORKER_NEEDED
from gateway.management.quickstart import accounts, demo_provider, known, screen
from gateway.management.quickstart.demo_server import DemoServer
from gateway.management.quickstart.first_request import (
    FirstAnswer,
    FirstRequestFailed,
    alias_to_ask,
    ask,
    ask_without_key,
)
from gateway.management.quickstart.only_one import RunsAlready, only_one
from gateway.management.quickstart.setting_up import Made, OfferedBefore, is_first_run, set_up
from gateway.management.saying import say
from gateway.management.serving import CannotListen, listen, url_of
from history.embedded import broker_is_a_folder
from routing.models import Alias

DEMO_PORT = 4001
LAST_WORDS_SECONDS = 5.0
"""How long the end waits for the first request, when that is still under way."""


class Command(BaseCommand):
    help = "Sets Plexus up with a demo provider and example aliases, sends a first request, and serves."
    requires_system_checks = []  # most load the admin, and a second run is to be ready at once; `serve` makes them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=4000, help="default: %(default)s")
        parser.add_argument(
            "--demo-port",
            type=int,
            help=f"for the demo upstream (default: the last one, or {DEMO_PORT}; another if taken)",
        )
        parser.add_argument(
            "--no-browser", action="store_true", help="do not open the admin in a browser on the first run"
        )
        parser.add_argument(
            "--no-providers",
            action="store_true",
            help="leave OpenAI and Anthropic out, whatever keys are in the environment",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.started_at = time.monotonic()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal that has no “—” still gets the rest of the line
        self.say(self.style.MIGRATE_HEADING("Plexus quickstart"))
        self.check(tags=[ENVIRONMENT])
        with ExitStack() as stack:
            try:
                turn = stack.enter_context(only_one(Path(settings.DATA_DIR)))
                listening = stack.enter_context(listen(options["host"], options["port"]))
            except (RunsAlready, CannotListen) as exc:
                raise CommandError(str(exc)) from exc
            self.url = url_of(listening)
            turn.serves_at(self.url)
            self.migrate()
            wanted = [] if options["no_providers"] else self.wanted_providers()
            demo = self.demo_server(options["demo_port"])
            if demo is not None:
                stack.enter_context(demo)
            made = set_up(demo.base_url if demo else None, wanted)
            self.show(made, demo)
            self.opens_browser = made.examples and not options["no_browser"] and can_open_browser()
            self.serve(listening, made)
        self.say("Plexus has stopped.")

    # Before serving

    def migrate(self) -> None:
        if database.pending_migrations():
            self.say(f"  Database   preparing {where_database_is()} …")
            database.migrate()
        else:
            self.say(f"  Database   {where_database_is()}")

    def wanted_providers(self) -> list[known.KnownProvider]:
        """Those of the known ones that have a key in the environment and are to be added now."""
        before = OfferedBefore(Path(settings.DATA_DIR))
        offers = known.on_offer(os.environ, [] if is_first_run() else before.names())
        wanted = [offer for offer in offers if self.is_wanted(offer)]
        before.add([offer.name for offer in offers])
        return wanted

    def is_wanted(self, offer: known.KnownProvider) -> bool:
        if sys.stdin.isatty() and sys.stdout.isatty():
            answer = input(f"  {offer.variable} is set. Add {offer.display_name} as a provider? [Y/n] ")
            return answer.strip().lower() in ("", "y", "yes")
        self.say(f"  Provider   {offer.name}, since {offer.variable} is set (--no-providers leaves it out)")
        return True

    def demo_server(self, port: int | None) -> DemoServer | None:
        """The demo upstream, where something leads to it or is about to."""
        leading_to_demo = demo_provider.endpoints()
        if not leading_to_demo and not is_first_run():
            return None
        wanted = port if port is not None else demo_provider.last_port(leading_to_demo) or DEMO_PORT
        demo = DemoServer(wanted)
        taken = f" (port {wanted} is taken)" if wanted and demo.port != wanted else ""
        self.say(f"  Demo       a built-in upstream at {demo.base_url}{taken}")
        return demo

    def show(self, made: Made, demo: DemoServer | None) -> None:
        if made.examples:
            names = ", ".join(Alias.objects.values_list("name", flat=True))
            self.say(f"  Aliases    {names}")
            self.say(f"  Roles      {', '.join(ROLES)} (groups of users)")
        secrets = []
        if made.password is not None:
            secrets += [("Admin", f"{self.url}/admin/"), ("User", accounts.ADMINISTRATOR), ("Password", made.password)]
        if made.key is not None:
            secrets.append(("API key", made.key))
        if secrets:
            self.say("\n" + screen.box("Shown this once only: keep it.", secrets))

    # Serving

    def serve(self, listening: socket.socket, made: Made) -> None:
        first_minute = threading.Thread(target=self.first_minute, args=(alias_to_ask(), made), name="first request")
        one_process.serve(listening, on_ready=first_minute.start)
        if first_minute.ident is not None:
            first_minute.join(LAST_WORDS_SECONDS)

    def first_minute(self, model: str | None, made: Made) -> None:
        """Send the first request, say what came and what to do next. In a thread: the server has the main one."""
        try:
            if model is not None:
                self.send_first_request(model, made.key)
            else:
                self.say("\n  No alias leads to the demo any more, so no request was sent.")
            shown = model or next(iter(Alias.objects.values_list("name", flat=True)), "provider/model")
        finally:
            connection.close()
        self.say("\n" + screen.next_steps(self.url, shown, made.key))
        if made.key is None:
            self.say("\n  A new key: `manage.py create_key NAME`. A new password: `manage.py changepassword admin`.")
        if refusal := admin_address.refusal_at(self.url):
            self.say(f"\n  {refusal}")
        seconds = time.monotonic() - self.started_at
        self.say(f"\nPlexus serves on {self.url} (ready in {seconds:.1f} s). Ctrl-C ends it.")
        if not broker_is_a_folder():
            self.say(WORKER_NEEDED)
        if self.opens_browser:
            webbrowser.open(f"{self.url}/admin/")

    def send_first_request(self, model: str, key: str | None) -> None:
        try:
            self.say("\n" + screen.answer(self.first_answer(model, key)))
        except FirstRequestFailed as failure:
            say(self.stderr, f"  The first request failed. {failure}")

    def first_answer(self, model: str, key: str | None) -> FirstAnswer:
        """As a client gets it; on a later run, when no key is known any more, from within. Raises FirstRequestFailed."""
        return ask_without_key(model) if key is None else ask(self.url, key, model)

    def say(self, text: str) -> None:
        say(self.stdout, text)


def where_database_is() -> str:
    """PostgreSQL, or SQLite and its file."""
    if connection.vendor != "sqlite":
        return connection.display_name
    file = Path(str(connection.settings_dict["NAME"]))
    shown = file.relative_to(settings.BASE_DIR) if file.is_relative_to(settings.BASE_DIR) else file
    return f"SQLite, {shown}"


def can_open_browser() -> bool:
    """Whether there is a desktop to open one on. A browser in this very terminal would be in the way."""
    has_desktop = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return has_desktop and sys.stdout.isatty()
