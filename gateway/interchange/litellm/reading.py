"""LiteLLM's YAML -> a Document."""

from dataclasses import replace
from typing import Final

from gateway.interchange.document import ABSENT, Document, ProviderEntry, Reading
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind
from gateway.interchange.litellm import nothing
from gateway.interchange.litellm import vocabulary as words
from gateway.interchange.litellm.deployments import read_deployments
from gateway.interchange.litellm.groups import read_names
from gateway.interchange.litellm.router import Routing, read_routing
from gateway.interchange.reading import read_yaml
from gateway.interchange.yaml_nodes import Keys, Node

_NOTHING_HERE: Final = f"There is no `{words.MODELS}` here, so there is nothing to import."


def read(text: str) -> Reading:
    """Understand the text as far as it goes. Never raises: a refusal is a finding."""
    return read_yaml(text, _document)


def _document(root: Node | None, findings: list[Finding]) -> Document:
    if not isinstance(root, Keys) or words.MODELS not in root.nodes:
        findings.append(Finding(kind=Kind.REFUSED, message=_NOTHING_HERE))
        return Document(is_whole=False)
    top = Fields(root, "", findings)
    routing = read_routing(top)
    found, deployments = read_deployments(top)
    names = read_names(deployments, routing, found, findings)
    _say_what_means_nothing(top)
    return Document(
        providers=tuple(_with_limits(provider, routing) for provider in found.entries()),
        aliases=names.aliases,
        patterns=names.patterns,
    )


def _with_limits(provider: ProviderEntry, routing: Routing) -> ProviderEntry:
    return replace(
        provider,
        answer_timeout_seconds=ABSENT if (most := routing.answer_timeout_seconds) is None else most,
        first_byte_timeout_seconds=ABSENT if (wait := routing.first_byte_timeout_seconds) is None else wait,
    )


def _say_what_means_nothing(top: Fields) -> None:
    for general, key in top.each_below("general_settings"):
        general.ignore(key, nothing.GENERAL.get(key, nothing.ELSEWHERE))
    for variables, key in top.each_below("environment_variables"):
        variables.ignore(key, nothing.VARIABLE)
    top.ignore_each(nothing.NOTHING_AT_TOP)
    top.ignore_the_rest((words.MODELS, "router_settings", "litellm_settings", "general_settings"))
