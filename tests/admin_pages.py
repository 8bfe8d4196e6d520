"""The admin as a browser meets it: pages fetched with cookies, and forms sent back as they came with a few changes."""

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import Permission, User
from django.test import Client

from providers.admin.headers_field import HeadersField
from tests.gateways import saved

SEVERAL = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)


def an_administrator(name: str = "root") -> Client:
    """A browser in which a superuser has logged in."""
    client = Client()
    client.force_login(User.objects.create_superuser(name, f"{name}@example.com"))
    return client


def a_member_of_staff(*permissions: str) -> Client:
    """A browser of somebody who may do just this: `routing.view_alias`, …"""
    user = saved(User(username="staff", password="!", is_staff=True))
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


def a_reader() -> Client:
    """A browser of somebody who may see everything and change nothing."""
    codenames = Permission.objects.filter(codename__startswith="view_")
    return a_member_of_staff(*(f"{row.content_type.app_label}.{row.codename}" for row in codenames))


def send_form(client: Client, url: str, new_rows: Sequence[tuple[str, dict[str, Any]]] = (), **changes: Any) -> Any:
    """Fetch the page, fill in `changes` (`name`, or `targets-0-weight` as targets__0__weight), add rows, send it.

    Any: the test client's response, which knows its context.
    """
    page = client.get(url)
    assert page.status_code == 200
    return client.post(url, filled(page, new_rows, **changes))


def filled(page: Any, new_rows: Sequence[tuple[str, dict[str, Any]]] = (), **changes: Any) -> dict[str, Any]:
    """What a browser sends of this page's form with these changes: see `send_form`. Any: a page, and what stands in fields."""
    data = {**dict(_fields_of(page)), "_stamp": page.context.get("stamp", "")}
    data |= {name.replace("__", "-"): value for name, value in changes.items()}
    for prefix, row in new_rows:
        place = int(data[f"{prefix}-TOTAL_FORMS"])
        data |= {f"{prefix}-{place}-{name}": value for name, value in row.items()}
        data[f"{prefix}-TOTAL_FORMS"] = place + 1
    return {name: value for name, value in data.items() if value is not None}


def errors_of(page: Any) -> dict[str, list[str]]:
    """Field, by its name in the page -> what stands beside it."""
    return {
        form.add_prefix(field): [str(problem) for problem in problems]
        for form in _forms_of(page)
        for field, problems in form.errors.items()
    }


def text_of(page: Any) -> str:
    """The page as it came. Any: the test client's response, under its several types."""
    text: str = page.content.decode()
    return text


def _forms_of(page: Any) -> Iterator[forms.BaseForm]:
    yield page.context["adminform"].form
    for inline in page.context["inline_admin_formsets"]:
        yield from inline.formset.forms


def _fields_of(page: Any) -> Iterator[tuple[str, Any]]:
    managements = [inline.formset.management_form for inline in page.context["inline_admin_formsets"]]
    for form in [*_forms_of(page), *managements]:
        for field in form:
            value = field.value()
            if field.field.show_hidden_initial:
                yield field.html_initial_name, value
            if isinstance(field.field, HeadersField):
                yield from inputs_in(str(field))
            elif isinstance(field.field.widget, forms.MultiWidget):
                parts = field.field.widget.decompress(value) or []
                yield from ((f"{field.html_name}_{place}", part or "") for place, part in enumerate(parts))
            elif isinstance(field.field, forms.BooleanField):
                yield field.html_name, "on" if value else None
            else:
                empty = [] if isinstance(field.field, SEVERAL) else ""
                yield field.html_name, empty if value is None else value


def inputs_in(markup: str) -> Iterator[tuple[str, str]]:
    """What a browser sends of text and hidden inputs."""
    without_templates = re.sub(r"<template>.*?</template>", "", markup, flags=re.DOTALL)
    for tag in re.findall(r"<input [^>]*>", without_templates):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if attributes["type"] in ("text", "hidden"):
            yield attributes["name"], html.unescape(attributes.get("value", ""))
