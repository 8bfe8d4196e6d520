"""Everybody who may come to a door, what stands behind it, and each URL that leads there: for the table of permissions."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from secrets import randbits
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from gateway.api.models import ApiToken
from gateway.audit.author import UNKNOWN, Author, Door
from gateway.audit.events import note_event
from gateway.audit.recording import recording
from gateway.models import ClientKey
from history.ids import RANDOM_BITS, new_id
from history.models import QuarantinedRecord, RequestLog
from tests.gateway.interchange.importing import BASE, import_text

NAMES = """
providers: [{name: openai, aliases: {fast: gpt-4o}}]
patterns: [{pattern: "gpt-*", alias: fast}]
routes: [{path: /openai, provider: openai}]
"""
ROLES = ("nobody", "client key", "key owner", "auditor", "operator", "administrator")
"""In the order of the table's letters. “client key”: somebody who sends one, and has no account."""


def routes(urls: str) -> Iterator[str]:
    """Every route of a URL configuration, as Django's resolver has it, each once."""
    yield from dict.fromkeys(_routes(get_resolver(urls)))


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from _routes(pattern, route)


def furnish() -> None:
    """One row of each kind, none of which belongs to the key owner."""
    with recording(Author(user_id=None, name="ada", door=Door.FILE, address="127.0.0.1")):
        import_text(BASE)
        import_text(NAMES)
    note_event("login", "ada", UNKNOWN)
    key = ClientKey(name="somebody else's", owner=User.objects.create_user("bob"))
    key.make()
    key.save()
    token = ApiToken(name="somebody else's", user=User.objects.get(username="bob"))
    token.make()
    token.save()
    now = datetime.now(UTC)
    RequestLog.objects.create(
        id=UUID(new_id(now.timestamp(), randbits(RANDOM_BITS))), started_at=now, key_id=key.pk, key_name=key.name,
        api_type="chat", requested_model="fast", outcome="ok", status=200, latency_ms=1.0,
    )  # fmt: skip
    QuarantinedRecord.objects.create(request_id="x", error="too long", row="{}", quarantined_at=now)


def browsers() -> Mapping[str, Client]:
    """Role -> somebody with it, at a browser."""
    found = {"nobody": Client(), "client key": Client(headers={"authorization": f"Bearer {a_client_key()}"})}
    for role in ROLES[2:]:
        user = User.objects.create_user(f"the {role}", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        found[role] = Client()
        found[role].force_login(user)
    return found


def a_reading_client() -> Client:
    """Without a browser, by an API token for reading only, of somebody who may do everything."""
    token = ApiToken(name="reads", user=User.objects.create_superuser("root"), scope=ApiToken.Scope.READ)
    secret = token.make()
    token.save()
    return Client(headers={"authorization": f"Bearer {secret}"})


def a_client_key() -> str:
    key = ClientKey(name="a client's")
    secret = key.make()
    key.save()
    return secret


def somebody_elses(kind: type[Model]) -> Model:
    """The row that stands for its kind: of a key and a request one that is not the key owner's."""
    if kind is ClientKey:
        return ClientKey.objects.get(name="somebody else's")
    if kind is Group:
        return Group.objects.get(name="auditor")
    if kind is User:
        return User.objects.get(username="bob")
    row = kind._default_manager.order_by("pk").first()
    assert row is not None, f"Make a {kind.__name__} in furnish()."
    return row


def letter_of(answer: HttpResponseBase) -> str:
    """What came of it, in one letter: see the head of the table."""
    if answer.status_code in (301, 302):
        return "L" if "/login/" in answer.headers["Location"] else ">"
    return letter_of_status(answer.status_code)


def letter_of_status(status: int) -> str:
    """Of an answer that sends nobody on."""
    known = {400: "?", 401: "K", 403: "-", 404: "0", 405: "x", 415: "?", 409: "=", 422: "?"}
    return known.get(status) or ("+" if status < 300 else "!")
