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
    general = top.inner("general_settings") if "general_settings" in top else None
    for key in general.names() if general is not None else ():
        assert general is not None  # else there are no names
        general.ignore(key, nothing.GENERAL.get(key, nothing.ELSEWHERE))
    variables = top.inner("environment_variables") if "environment_variables" in top else None
    for key in variables.names() if variables is not None else ():
        assert variables is not None  # as above
        variables.ignore(key, nothing.VARIABLE)
    for key, reason in nothing.NOTHING_AT_TOP.items():
        top.ignore(key, reason)
    top.ignore_the_rest((words.MODELS, "router_settings", "litellm_settings", "general_settings"))
