"""The older Plexus's YAML or JSON -> a Document."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.interchange.document import AliasEntry, Document, ModelEntry, ProviderEntry, Reading
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind
from gateway.interchange.plexus_2 import vocabulary as words
from gateway.interchange.plexus_2.aliases import read_aliases
from gateway.interchange.plexus_2.providers import read_providers
from gateway.interchange.reading import read_documents
from gateway.interchange.yaml_nodes import Keys, Node

_NOTHING_HERE: Final = "There is neither a mapping `providers` nor one of `models` here, so there is nothing to import."
_ONE_ONLY: Final = "A second document begins here. Put each into a file of its own."


def read(text: str) -> Reading:
    """Understand the text as far as it goes. Never raises: a refusal is a finding."""
    return read_documents(text, _document, infinity_is_none=True)


def _document(roots: Sequence[Node], findings: list[Finding]) -> Document:
    if len(roots) != 1 or not isinstance(roots[0], Keys):
        findings.append(Finding(kind=Kind.REFUSED, message=_ONE_ONLY if len(roots) > 1 else _NOTHING_HERE))
        return Document(is_whole=False)
    file = Fields(roots[0], "", findings)
    if words.BACKUP not in file:
        return _configuration(file)
    file.flag(words.BACKUP, "")
    file.ignore_each(words.NOTHING_OF_A_BACKUP)
    data = file.inner("data")
    file.ignore_the_rest(("data",))
    return Document(is_whole=False) if data is None else _configuration(data)


def _configuration(top: Fields) -> Document:
    if "providers" not in top and "models" not in top:
        top.findings.append(Finding(kind=Kind.REFUSED, message=_NOTHING_HERE))
    is_whole = "providers" in top and "models" in top
    providers = read_providers(top)
    aliases = read_aliases(top)
    top.ignore_each(words.NOTHING_AT_TOP)
    top.ignore_the_rest(("providers", "models"))
    return Document(
        providers=tuple(_with_models_of_targets(one, aliases, top.findings) for one in providers),
        aliases=aliases,
        is_whole=is_whole,
    )


def _with_models_of_targets(
    provider: ProviderEntry, aliases: Sequence[AliasEntry], findings: list[Finding]
) -> ProviderEntry:
    """The provider, with the models that only targets name: whether a provider had one was not looked at there."""
    known = {model.name for model in provider.models}
    for target in (target for alias in aliases for target in alias.targets):
        if target.provider == provider.name and target.model and target.model not in known:
            known.add(target.model)
            message = f"It is not among the models of “{provider.name}”, so it is added to them."
            findings.append(Finding(kind=Kind.ADAPTED, place=target.place("model"), message=message))
            added = ModelEntry(name=target.model, where={"": target.place("model")})
            provider = replace(provider, models=(*provider.models, added))
    return provider
