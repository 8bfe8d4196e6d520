"""Where each entry of a revision stands, for what there is to say about it: no file was read, so by what it is and its name."""

from dataclasses import replace
from typing import TypeVar

from gateway.interchange.document import ABSENT, AliasEntry, Document, Entry, ProviderEntry
from gateway.interchange.findings import Place

E = TypeVar("E", bound=Entry)


def placed(document: Document) -> Document:
    """“alias fast”, “alias fast, target openai/gpt-4o”."""
    return replace(
        document,
        providers=tuple(_provider(entry) for entry in document.providers),
        aliases=tuple(_alias(entry) for entry in document.aliases),
        patterns=tuple(at(entry, f"pattern {entry.pattern}") for entry in document.patterns),
        routes=tuple(at(entry, f"route {entry.path}") for entry in document.routes),
    )


def _provider(entry: ProviderEntry) -> ProviderEntry:
    here = f"provider {entry.name}"
    models = tuple(at(model, f"model {entry.name}/{model.name}") for model in entry.models)
    known = replace(at(entry, here), models=models)
    if entry.endpoints is not ABSENT:
        endpoints = tuple(at(one, f"{here}, address for {one.api_type}") for one in entry.endpoints)
        known = replace(known, endpoints=endpoints)
    if entry.aliases is not ABSENT:
        known = replace(known, aliases=tuple(at(one, f"{here}, alias {one.name}") for one in entry.aliases))
    return known


def _alias(entry: AliasEntry) -> AliasEntry:
    here = f"alias {entry.name}"
    return replace(
        at(entry, here),
        synonyms=tuple(at(one, f"{here}, synonym {one.name}") for one in entry.synonyms),
        targets=tuple(at(one, f"{here}, target {one}") for one in entry.targets),
    )


def at(entry: E, path: str) -> E:
    return replace(entry, where={"": Place(path=path)})
