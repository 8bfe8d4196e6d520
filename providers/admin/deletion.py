"""What a deletion takes along, as the page that asks says it, and what stands in its way: without rows that nobody ever entered."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import NestedObjects
from django.db import router
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst

Tree = list[Any]  # Any: texts, and trees of what hangs on them
"""As Django nests it for the page."""
Counts = dict[str, int]
"""Plural name of a kind -> how many."""


def without(kind: type[Model], tree: Tree, counts: Counts) -> tuple[Tree, Counts]:
    """Both without the rows of this kind."""
    plural = str(kind._meta.verbose_name_plural)
    kept = {name: count for name, count in counts.items() if str(name) != plural}
    return _pruned(tree, f"{capfirst(kind._meta.verbose_name)}:"), kept


def without_links(tree: Tree, counts: Counts) -> tuple[Tree, Counts]:
    """Both without the rows that only link two others, which have no name to show."""
    for kind in apps.get_models(include_auto_created=True):
        if kind._meta.auto_created:
            tree, counts = without(kind, tree, counts)
    return tree, counts


def in_the_way(rows: Sequence[Model]) -> list[Model]:
    """The rows for whose sake the database would not let these be deleted."""
    collector = NestedObjects(using=router.db_for_write(type(rows[0])))
    collector.collect(rows)
    return list(collector.protected)


def linked(rows: Iterable[Model], site: AdminSite, request: HttpRequest) -> list[str]:
    """The rows that are in the way, by name and each once, with a link to the page where that can be changed."""
    found = {named(row): _page_of(row, site, request) for row in rows}
    link = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
    return [format_html(link, url, name) if url else name for name, url in sorted(found.items())]


def named(row: Model) -> str:
    """A row that is in the way: “Target of the alias fast: openai/gpt-4o”, “Custom route: /openai”."""
    # By the name of the field: routing is built on providers, not the other way round.
    alias = getattr(row, "alias", None)
    owner = f" of the alias {alias}" if alias is not None else ""
    return capfirst(f"{row._meta.verbose_name}{owner}: {row}")


def leading(row: Model) -> str:
    """The same as the beginning of a sentence: “the alias fast leads to it (target openai/gpt-4o)”."""
    alias = getattr(row, "alias", None)
    if alias is None:
        return f"the {row._meta.verbose_name} {row} leads to it"
    return f"the alias {alias} leads to it ({row._meta.verbose_name} {row})"


def _page_of(row: Model, site: AdminSite, request: HttpRequest) -> str | None:
    """Its own, or that of the alias which it is a part of; None for who may not open it."""
    for one in (row, getattr(row, "alias", None)):
        if one is not None and site.is_registered(type(one)):
            if not site.get_model_admin(type(one)).has_view_permission(request, one):
                return None
            return reverse(f"admin:{one._meta.app_label}_{one._meta.model_name}_change", args=[one.pk])
    return None


def _pruned(tree: Tree, heading: str) -> Tree:
    kept = (_pruned(one, heading) if isinstance(one, list) else one for one in tree)
    return [one for one in kept if one != [] and not str(one).startswith(heading)]
