"""Doors through which an edit of the tests is made. One more door is one more line in DOORS.

Whoever stands behind a door may refuse (ValidationError, ProtectedError, Refused): then nothing has changed.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import strategies as st

from gateway.audit.author import Author, Door
from gateway.audit.recording import recording
from gateway.interchange import plexus, snapshot
from gateway.interchange.document import Document
from gateway.interchange.findings import has_refusals
from gateway.interchange.store import apply
from gateway.models import ClientKey
from providers.models import ProviderModel
from routing.models import Alias
from tests.admin_pages import errors_of, send_form
from tests.gateway.audit.edits import NAMES, Draw, one_of

Edit = Callable[[Draw], None]
WORKER = Author(user_id=None, name="worker", door=Door.COMMAND, address="host")
FILE = Author(user_id=None, name="deploy", door=Door.FILE, address="host")


class Refused(Exception):
    """Nothing was changed."""


def by_a_command(edit: Edit, draw: Draw, browser: Client) -> str:
    with recording(WORKER):
        edit(draw)
    return "command"


def from_outside(edit: Edit, draw: Draw, browser: Client) -> str:
    with transaction.atomic():
        edit(draw)
    return "outside"


def by_update_from_outside(edit: Edit, draw: Draw, browser: Client) -> str:
    """What no signal sees."""
    if draw(st.booleans()):
        Alias.objects.filter(name=draw(st.sampled_from(NAMES))).update(description=draw(st.sampled_from(["", "SQL"])))
    else:
        ProviderModel.objects.update(context_length=draw(st.sampled_from([None, 1024])))
    return "outside"


def by_a_file(edit: Edit, draw: Draw, browser: Client) -> str:
    """The text of what the edit would come to, read and made the whole truth."""
    wanted = plexus.write(document_after(edit, draw))
    reading = plexus.read(wanted)
    assert not has_refusals(reading.findings), reading.findings
    with recording(FILE):
        difference = apply(reading.document, prune=True, dry_run=False, environment={})
    if not difference.was_applied:
        raise Refused(str(difference.findings))
    return "file"


def by_the_api(edit: Edit, draw: Draw, browser: Client) -> str:
    """The whole document at once, or one alias; `edit` is not asked for the latter."""
    alias = one_of(draw, Alias.objects.all())
    if alias is not None and draw(st.booleans()):
        return _alias_by_the_api(alias.name, draw, browser)
    wanted = plexus.write(document_after(edit, draw))
    reply = browser.put("/api/v1/config?force=1", wanted, content_type="application/yaml")
    if reply.status_code != 200:
        raise Refused(reply.content.decode())
    return "api"


def _alias_by_the_api(name: str, draw: Draw, browser: Client) -> str:
    wanted = draw(
        st.sampled_from(
            [
                {"description": "by a program"},
                {"enabled": False},
                {"synonyms": ["short"]},
                {"targets": []},
                {"selector": "cost", "description": ""},
            ]
        )
    )
    reply = browser.patch(f"/api/v1/aliases/{quote(name, safe='')}", wanted, content_type="application/json")
    if reply.status_code != 200:
        raise Refused(reply.content.decode())
    return "api"


def document_after(edit: Edit, draw: Draw) -> Document:
    """What an export would say after the edit, which is taken back. Of a stored key it says that it is kept."""
    with transaction.atomic():
        edit(draw)
        document = snapshot.current()
        transaction.set_rollback(True)
    return document


def in_the_admin(edit: Edit, draw: Draw, browser: Client) -> str:
    """A form of an alias, or the deletion of something; `edit` is not asked."""
    alias = one_of(draw, Alias.objects.all())
    if alias is None:
        raise Refused("There is nothing to edit.")
    page: Any
    match draw(st.sampled_from(["form", "target", "synonym", "delete", "key"])):
        case "form":
            names = {"name": draw(st.sampled_from(NAMES)), "description": draw(st.sampled_from(["", "by hand"]))}
            page = send_form(browser, change(alias), **names)
        case "target":
            model = one_of(draw, ProviderModel.objects.all())
            row = {"model": model.pk if model else "", "weight": "3", "tier": "1", "position": "2", "enabled": "on"}
            page = send_form(browser, change(alias), new_rows=[("targets", row)])
        case "synonym":
            page = send_form(browser, change(alias), new_rows=[("synonyms", {"name": draw(st.sampled_from(NAMES))})])
        case "delete":
            page = browser.post(reverse("admin:routing_alias_delete", args=[alias.pk]), {"post": "yes"})
        case "key":
            return _key_in_the_admin(draw, browser)
    if page.status_code != 302:
        raise Refused(str(errors_of(page)) if "adminform" in page.context else "in use")
    return "admin"


def _key_in_the_admin(draw: Draw, browser: Client) -> str:
    key = one_of(draw, ClientKey.objects.all())
    if key is None:
        raise Refused("There is no key.")
    browser.post(reverse("admin:gateway_clientkey_replace_secret", args=[key.pk]))
    return "admin"


def change(alias: Alias) -> str:
    return reverse("admin:routing_alias_change", args=[alias.pk])


DOORS: tuple[Callable[[Edit, Draw, Client], str], ...] = (
    *(by_a_command, from_outside, by_update_from_outside, by_a_file, by_the_api, in_the_admin),
)
