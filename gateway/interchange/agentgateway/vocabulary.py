"""What agentgateway's words mean here, and keys that mean nothing to us, each with the reason."""

from typing import Final

from gateway.interchange.known_addresses import ROOTS

ADDRESSES: Final = {
    **{kind: root for kind, root in ROOTS.items() if "_" not in kind},
    "togetherai": ROOTS["together_ai"],
    "fireworksai": ROOTS["fireworks"],
    "ollama": "http://localhost:11434/v1",
}
"""Provider, in small letters alone -> the root of its API."""
AZURE: Final = ("azure", "azureopenai")
NOT_SPOKEN: Final = ("vertexai", "vertex", "bedrock", "copilot", "githubcopilot")
KINDS: Final = frozenset({*ADDRESSES, *AZURE, *NOT_SPOKEN, "custom", "openaicompatible", "vllm"})

ROUTE_TYPES: Final = {
    "completions": "chat",
    "messages": "messages",
    "responses": "responses",
    "embeddings": "embeddings",
}
"""Type of a path, in small letters -> our API type."""

_AS_WRITTEN: Final = "Requests reach a model as the caller wrote them, but for its name."
_RESTS: Final = "How long an upstream rests after failures is said in the settings, for all of them."
_GUARDS: Final = "It is not enforced yet, and not kept: requests pass without it."
_CLOUD: Final = "Signing in to a cloud is not spoken here: only a key in a header."
_TLS: Final = "Certificates are always looked at, with the system's authorities."
_CLUSTER: Final = "It is a matter of the cluster."
_ACCESS: Final = "Who may ask for what is said with client keys: `manage.py create_key NAME`."
_LIMITS: Final = "Limits per minute are not kept here yet."
_LISTENING: Final = "Where Plexus listens is said to `manage.py serve`."

AI_POLICY: Final = {
    "prompt": _AS_WRITTEN,
    "defaults": _AS_WRITTEN,
    "overrides": _AS_WRITTEN,
    "transformations": _AS_WRITTEN,
    "transformation": _AS_WRITTEN,
    "finalTransformations": _AS_WRITTEN,
    "finalTransformation": _AS_WRITTEN,
    "promptCaching": "Caches of prompts are the providers'. `sticky` of an alias keeps a conversation with one of them.",
    "promptGuard": _GUARDS,
    "guardrails": _GUARDS,
}
POLICIES: Final = {
    "health": _RESTS,
    "tls": _TLS,
    "backendTLS": _TLS,
    "http": _LISTENING,
    "tcp": _LISTENING,
    "tunnel": _LISTENING,
    "backendTunnel": _LISTENING,
    "requestHeaders": "Say extra headers with the provider, in the admin.",
    "responseHeaders": _AS_WRITTEN,
    "transformation": _AS_WRITTEN,
    "mcp": "Plexus routes requests for models, and serves no tools.",
    "mcpAuthorization": "Plexus routes requests for models, and serves no tools.",
    "a2a": "Plexus routes requests for models, and runs no agents.",
}
TRAFFIC: Final = {
    "timeouts": "Deadlines belong to providers and targets: `timeouts`.",
    "retry": "Each target is tried once, then the next one; `maxAttempts` of an alias says how many.",
    "rateLimit": _LIMITS,
    "localRateLimit": _LIMITS,
    "remoteRateLimit": _LIMITS,
    "authorization": _ACCESS,
    "apiKeyAuthentication": _ACCESS,
    "apiKey": _ACCESS,
    "jwtAuthentication": _ACCESS,
    "jwtAuth": _ACCESS,
    "basicAuthentication": _ACCESS,
    "basicAuth": _ACCESS,
    "oidc": _ACCESS,
    "extAuth": _ACCESS,
    "extAuthz": _ACCESS,
    "extProc": _AS_WRITTEN,
    "transformation": _AS_WRITTEN,
    "transformations": _AS_WRITTEN,
    "urlRewrite": "Below a custom route stands what stands below /v1.",
    "requestHeaderModifier": _AS_WRITTEN,
    "responseHeaderModifier": _AS_WRITTEN,
    "delay": "Nothing is delayed here.",
    "cors": "Browsers do not talk to a gateway with its key.",
    "csrf": _ACCESS,
    "guardrails": _GUARDS,
}
CLOUD_AUTH: Final = ("aws", "gcp", "azure", "backendAws")
CLOUD: Final = _CLOUD
KIND_SETTINGS: Final = {
    "apiVersion": "Azure's API without versions is asked.",
    "resourceType": "Azure's API without versions is asked.",
    "projectName": "Azure's API without versions is asked.",
    "projectId": _CLOUD,
    "region": _CLOUD,
    "guardrail": _GUARDS,
    "formats": "A custom provider is asked as OpenAI is; other APIs are addresses of the provider, in the admin.",
}
METADATA: Final = {
    "namespace": "There are no namespaces here: a name is one.",
    **dict.fromkeys(
        (
            *("labels", "annotations", "creationTimestamp", "generation", "resourceVersion", "uid", "selfLink"),
            *("managedFields", "finalizers", "ownerReferences"),
        ),
        _CLUSTER,
    ),
}
ROUTE_SPEC: Final = {
    "parentRefs": _LISTENING,
    "hostnames": _LISTENING,
}
RULE: Final = {
    "filters": "Below a custom route stands what stands below /v1.",
    "timeouts": "Deadlines belong to providers and targets: `timeouts`.",
    "retry": "Each target is tried once, then the next one; `maxAttempts` of an alias says how many.",
    "name": _CLUSTER,
    "sessionPersistence": "`sticky` of an alias keeps a conversation with one target.",
}
MATCH: Final = {
    "headers": "A custom route is told by its path alone.",
    "method": "A custom route is told by its path alone.",
    "queryParams": "A custom route is told by its path alone.",
    "query": "A custom route is told by its path alone.",
}
LLM_MODEL: Final = {
    "id": "A name is what a model is told by here.",
    "passthrough": "Only APIs that are spoken here reach a provider.",
    "authorization": _ACCESS,
    "defaults": _AS_WRITTEN,
    "overrides": _AS_WRITTEN,
    "finalTransformation": _AS_WRITTEN,
    "requestHeaders": "Say extra headers with the provider, in the admin.",
    "responseHeaders": _AS_WRITTEN,
    "tls": _TLS,
    "health": _RESTS,
    "guardrails": _GUARDS,
    "promptCaching": AI_POLICY["promptCaching"],
    "matches": "A name means the same for every request: headers are not looked at.",
    "backendTunnel": _LISTENING,
    "policies": _AS_WRITTEN,
}
PARAMS: Final = {
    "awsRegion": _CLOUD,
    "vertexRegion": _CLOUD,
    "vertexProject": _CLOUD,
    "azureResourceType": "Azure's API without versions is asked.",
    "azureApiVersion": "Azure's API without versions is asked.",
    "azureProjectName": "Azure's API without versions is asked.",
    "tokenize": "Nothing is counted here: tokens are those that the provider tells.",
}
TOP: Final = {
    "config": "How the server runs is said in environment variables here: docs/settings.md.",
    "mcp": "Plexus routes requests for models, and serves no tools.",
    "workloads": _CLUSTER,
    "services": _CLUSTER,
    "policies": "Policies are read where they stand: with a backend, a route or a model.",
    "backends": "Backends are read where a route names them.",
    "frontendPolicies": _LISTENING,
    "gateways": _LISTENING,
}
LISTENING: Final = _LISTENING
OTHER_RESOURCE: Final = "It says nothing of models, so it is left to the cluster."
