"""Plano's YAML -> a Document."""

from typing import Final

from gateway.interchange.document import Document, Reading
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind
from gateway.interchange.plano import vocabulary as words
from gateway.interchange.plano.aliases import read_aliases
from gateway.interchange.plano.providers import read_models
from gateway.interchange.reading import read_yaml
from gateway.interchange.yaml_nodes import Keys, Node

_NOTHING_HERE: Final = "There is neither `llm_providers` nor `model_aliases` here, so there is nothing to import."


def read(text: str) -> Reading:
    """Understand the text as far as it goes. Never raises: a refusal is a finding."""
    return read_yaml(text, _document)


def _document(root: Node | None, findings: list[Finding]) -> Document:
    if not isinstance(root, Keys) or not {*words.MODELS, words.ALIASES} & root.nodes.keys():
        findings.append(Finding(kind=Kind.REFUSED, message=_NOTHING_HERE))
        return Document(is_whole=False)
    top = Fields(root, "", findings)
    key = words.MODELS[0] if words.MODELS[0] in top else words.MODELS[1]
    if all(name in top for name in words.MODELS):
        top.refuse(words.MODELS[1], f"It stands here twice, as `{words.MODELS[0]}` too. Keep one of them.")
    has_models = key in top
    providers, declared = read_models(top, key)
    aliases = read_aliases(top, declared)
    for name, reason in words.NOTHING_AT_TOP.items():
        top.ignore(name, reason)
    top.ignore_the_rest((key, words.ALIASES))
    return Document(providers=providers, aliases=aliases, is_whole=has_models and words.ALIASES in top)
