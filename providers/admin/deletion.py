"""What a deletion takes along, as the page that asks says it: without rows that nobody ever entered."""

from typing import Any

from django.apps import apps
from django.db.models import Model
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


def _pruned(tree: Tree, heading: str) -> Tree:
    kept = (_pruned(one, heading) if isinstance(one, list) else one for one in tree)
    return [one for one in kept if one != [] and not str(one).startswith(heading)]
