"""agentgateway's configuration: Kubernetes resources, several to a file, and the files of the standalone gateway.

    AgentgatewayBackend   a provider, or groups of them: tiers; `modelAliases` of the backend are aliases, those of one of
                          its providers are that provider's own
    AgentgatewayPolicy    the same for whatever it targets, where that says nothing itself
    HTTPRoute             a path of its own for a backend
    AgentgatewayModel     a name and the model behind it; virtual ones are aliases of aliases
    Secret                the environment variable that a credential names
    llm:, binds:          the same in the standalone gateway's words

A snippet may be given as the documentation prints it, with `kubectl apply -f- <<EOF` around it.
Sources: controller/api/v1alpha1 and schema/config.json of agentgateway/agentgateway
"""

import re
from collections.abc import Sequence

from gateway.interchange.agentgateway.reading import read
from gateway.interchange.recognising import top_keys
from gateway.interchange.yaml_nodes import Items, Keys, Node, Scalar

__all__ = ["read", "recognises"]

_RESOURCE = re.compile(
    r"^[ \t]*[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?(agentgateway\.dev|gateway\.networking\.k8s\.io)/", re.M
)
_STANDALONE = re.compile(r"^(?:llm|binds)[ \t]*:", re.M)


def recognises(text: str, documents: Sequence[Node]) -> bool:
    """A resource of agentgateway or of the gateway API, or the standalone gateway's `llm` or `binds`."""
    if not documents:
        return bool(_RESOURCE.search(text) or _STANDALONE.search(text))
    resources = [one for one in documents if isinstance(one, Keys)]
    lists = [one.nodes["items"] for one in resources if "items" in one.nodes]
    resources += [item for one in lists if isinstance(one, Items) for item in one.nodes if isinstance(item, Keys)]
    versions = (one.nodes.get("apiVersion") for one in resources)
    return bool(top_keys(documents) & {"llm", "binds"}) or any(
        isinstance(version, Scalar) and _RESOURCE.match(f"apiVersion: {version.value}") for version in versions
    )
