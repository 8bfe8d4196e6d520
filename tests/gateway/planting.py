"""Secrets that are planted, each unlike any other text, and every place where one could turn up."""

import io
import json
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import redis
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.test import Client

from gateway.audit.models import ConfigRevision
from gateway.models import ClientKey
from history.models import RequestLog
from providers.models import Provider, ProviderModel
from routing.models import Alias
from tests.gateway.doors import routes

Places = Mapping[str, str]
"""Where -> all the text there is."""

NOT_LOOKED_INTO = {"sessions.session"}
"""Django's table of sessions holds their keys as they are, as its pages never do."""


class Garden:
    """Makes secrets, and remembers what each one was."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}

    def secret(self, what: str, before: str = "") -> str:
        """A new one. `before`: what such a secret begins with."""
        return self.has(what, f"{before}{secrets.token_hex(16)}")

    def has(self, what: str, text: str) -> str:
        """One that somebody else made."""
        name = f"{len(self.planted) + 1}: {what}"
        self.planted[name] = text
        return text

    def found_in(self, places: Places) -> list[str]:
        """“which secret, where”, for each that is in clear somewhere."""
        return [
            f"{name}, in {place}"
            for place, text in places.items()
            for name in self.planted
            if self.planted[name] in text
        ]


def everywhere(admin: Client, log: str) -> dict[str, str]:
    """Every place but the answers that a client got."""
    return {
        **dict(pages(admin)),
        **dict(rows()),
        **dict(files(Path(settings.DATA_DIR))),
        **dict(cached()),
        **dict(said_by_commands()),
        "the log": log,
    }


def pages(admin: Client) -> Iterator[tuple[str, str]]:
    """Every page of the admin, those of each row among them, as they answer a GET; and what is behind the API's URLs."""
    for route in routes("plexus_site.urls"):
        for address in addresses(route):
            answer = admin.get(address)
            # Any kind of answer counts: a page, a file, a stream, a refusal.
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
            yield f"page {address}", content.decode(errors="replace")


def addresses(route: str) -> Iterator[str]:
    """Of this route: one for each row of the kind that it is about."""
    if "(?P" in route or "content_type_id" in route or "logout" in route:
        return
    if "<" not in route:
        yield f"/{route}"
        return
    if route.startswith("api/"):
        yield from (
            f"/{route.replace(part, str(name))}" for part, names in of_the_api() if part in route for name in names
        )
        return
    parts = route.split("/")
    kind = next(
        (kind for kind in apps.get_models() if [kind._meta.app_label, kind._meta.model_name] == parts[1:3]), None
    )
    for row in kind._default_manager.all() if kind is not None else ():
        yield f"/{_with_id(route, row)}"


def of_the_api() -> Iterator[tuple[str, Iterable[object]]]:
    """Part of a route -> the names of all rows that may stand there."""
    yield "providers/<str:name>", [f"providers/{name}" for name in Provider.objects.values_list("name", flat=True)]
    yield "aliases/<str:name>", [f"aliases/{name}" for name in Alias.objects.values_list("name", flat=True)]
    yield "<str:provider>/<path:name>", ProviderModel.objects.all()
    yield "<int:number>", ConfigRevision.objects.values_list("number", flat=True)
    yield "keys/<int:pk>", [f"keys/{pk}" for pk in ClientKey.objects.values_list("pk", flat=True)]
    yield "<uuid:pk>", RequestLog.objects.values_list("pk", flat=True)


def _with_id(route: str, row: Model) -> str:
    before, _, rest = route.partition("<")
    return f"{before}{row.pk}{rest.partition('>')[2]}"


def rows() -> Iterator[tuple[str, str]]:
    """Every row of every table, unpacked."""
    for kind in apps.get_models(include_auto_created=True):
        if kind._meta.managed and kind._meta.label_lower not in NOT_LOOKED_INTO:
            values = [readable(value) for row in kind._default_manager.values_list() for value in row]
            yield f"table {kind._meta.db_table}", "\n".join(values)


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """Journals, snapshots and all else on the disk, but the database, which `rows` reads, and the keys to everything."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "sqlite3" not in path.name and path.name not in ("secret_key", "encryption_key"):
            yield f"file {path.relative_to(folder)}", readable(path.read_bytes())


def cached() -> Iterator[tuple[str, str]]:
    """Every key in Redis, where there is one."""
    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL) as server:
            for key in server.scan_iter("*"):
                yield f"Redis {key!r}", readable(server.dump(key) or b"")


def said_by_commands() -> Iterator[tuple[str, str]]:
    for command in (
        ["export_config"],
        ["export_config", "--schema"],
        ["check", "--deploy"],
        ["make_roles"],
        ["dumpdata"],
    ):
        out, errors = io.StringIO(), io.StringIO()
        left_out = [f"--exclude={label}" for label in NOT_LOOKED_INTO] if command == ["dumpdata"] else []
        try:
            call_command(*command, *left_out, stdout=out, stderr=errors)
        except CommandError as exc:
            errors.write(str(exc))
        yield f"command {' '.join(command)}", out.getvalue() + errors.getvalue()


def readable(value: object) -> str:
    """A value as text: bytes unpacked where they are packed."""
    if isinstance(value, memoryview | bytes | bytearray):
        data = bytes(value)
        try:
            return zlib.decompress(data).decode(errors="replace")
        except zlib.error:
            return data.decode(errors="replace")
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
