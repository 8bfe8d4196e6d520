"""The providers of files that name them model by model: those that are reached in one way are one provider here."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from itertools import chain, count

from gateway.interchange.document import ModelEntry, ProviderEntry
from gateway.interchange.fitting_names import fitting_provider


class FoundProviders:
    """What was found so far, in the order of the file."""

    def __init__(self) -> None:
        self._entries: dict[str, ProviderEntry] = {}
        self._models: dict[str, dict[str, ModelEntry]] = {}
        self._names: dict[Hashable, str] = {}

    def name_of(self, way: Hashable, wanted: str, make: Callable[[str], ProviderEntry]) -> tuple[str, bool]:
        """The name of the provider that is reached in this way, and whether it is new; `make` is called if it is.

        It is called as it wants to be, with a number behind it when another one is called so already: `openai-2`.
        """
        if way in self._names:
            return self._names[way], False
        fit = fitting_provider(wanted)
        numbered = (f"{fit}-{number}" for number in count(2))
        name = next(one for one in chain([fit], numbered) if one not in self._entries)
        self._names[way] = name
        self._models[name] = {}
        self._entries[name] = make(name)
        return name, True

    def change(self, name: str, change: Callable[[ProviderEntry], ProviderEntry]) -> None:
        """Put the changed entry in the place of the old one."""
        self._entries[name] = change(self._entries[name])

    def add_model(self, provider: str, model: ModelEntry) -> None:
        """Add a model; nothing happens when it is there."""
        self._models[provider].setdefault(model.name, model)

    def entries(self) -> tuple[ProviderEntry, ...]:
        """All of them, with all their models."""
        return tuple(replace(entry, models=tuple(self._models[name].values())) for name, entry in self._entries.items())
