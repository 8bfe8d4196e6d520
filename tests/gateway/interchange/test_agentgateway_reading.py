import pytest

from gateway.interchange import agentgateway, format_of
from gateway.interchange.document import ABSENT, AliasEntry, Document, ProviderEntry
from gateway.interchange.findings import Kind
from tests.gateway.interchange.understanding import Understanding

UNDERSTANDING = Understanding(agentgateway.read)
findings = UNDERSTANDING.findings
BACKEND = """
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata: {{name: {name}}}
spec:
  ai: {ai}
  policies: {policies}
"""


def a_backend(ai: str = "{provider: {openai: {}}}", policies: str = "{}", name: str = "openai") -> str:
    return BACKEND.format(name=name, ai=ai, policies=policies)


def document(*texts: str) -> Document:
    return UNDERSTANDING.document("---".join(texts))


def the_provider(*texts: str) -> ProviderEntry:
    (provider,) = document(*texts).providers
    return provider


def targets(alias: AliasEntry) -> list[tuple[str, int]]:
    return [(str(target), target.tier) for target in alias.targets]


def own_names(provider: ProviderEntry) -> list[tuple[str, str]]:
    """What names mean on the provider's own route alone."""
    return [] if provider.aliases is ABSENT else [(one.name, one.model) for one in provider.aliases]


# Whose file it is, and how it may be written


@pytest.mark.parametrize(
    "text",
    [
        a_backend(),
        "kind: Deployment\napiVersion: apps/v1\n---\nkind: HTTPRoute\napiVersion: gateway.networking.k8s.io/v1",
        "llm: {models: []}",
        "binds: []",
        'kubectl apply -f- <<EOF\n   apiVersion: agentgateway.dev/v1alpha1\n   kind: {{< reuse "a" >}}\nEOF',
    ],
)
def test_whose_file_it_is_is_seen_from_its_resources(text: str) -> None:
    assert format_of(text) == "agentgateway"


def test_what_kubectl_is_given_is_read_with_the_lines_of_the_whole() -> None:
    text = f"export OPENAI_API_KEY=sk-secret\n  kubectl apply -f- <<EOF{a_backend(policies='{auth: 5}')}\n  EOF\nkubectl get pods"

    said = findings(text, Kind.IGNORED)

    assert said == ["line 1: Only what kubectl is given is read.", "line 11: Only what kubectl is given is read."]
    assert findings(text, Kind.REFUSED)[0].startswith("spec.policies.auth (line 8): Expected text")


def test_the_documentations_placeholders_are_filled_in_and_said_to_be() -> None:
    text = a_backend().replace("AgentgatewayBackend", '{{< reuse "agw-docs/snippets/backend.md" >}}')

    assert document(text).providers[0].name == "openai"
    assert findings(text, Kind.ADAPTED)[0].startswith("line 3: The documentation's placeholder")


def test_other_resources_are_left_to_the_cluster() -> None:
    text = f"kind: Deployment\napiVersion: apps/v1\nspec: {{}}\n---{a_backend()}"

    assert len(document(text).providers) == 1
    assert findings(text, Kind.IGNORED) == [
        "kind (line 1): Deployment: It says nothing of models, so it is left to the cluster."
    ]


def test_a_list_is_its_items() -> None:
    item = a_backend().strip().replace("\n", "\n    ")
    text = f"apiVersion: v1\nkind: List\nitems:\n  - {item}\n"

    assert format_of(text) == "agentgateway"
    assert the_provider(text).name == "openai"


# Providers


@pytest.mark.parametrize(
    ("provider", "address"),
    [
        ("{openai: {}}", "https://api.openai.com/v1"),
        ("{gemini: {}}", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("{azureopenai: {endpoint: r.openai.azure.com}}", "https://r.openai.azure.com/openai/v1"),
        ("{azure: {resourceName: r}}", "https://r.openai.azure.com/openai/v1"),
        ("{openai: {}, host: 10.0.0.5, port: 11434, path: /v1/chat/completions}", "http://10.0.0.5:11434/v1/chat/completions"),
        ("{custom: {}, host: llm.example.com, port: 443, pathPrefix: /v1/}", "https://llm.example.com:443/v1"),
    ],
)  # fmt: skip
def test_a_provider_stands_where_agentgateway_asks_it(provider: str, address: str) -> None:
    endpoints = the_provider(a_backend(f"{{provider: {provider}}}")).endpoints

    assert endpoints is not ABSENT
    assert {one.base_url for one in endpoints} == {address}


def test_every_provider_takes_any_model() -> None:
    assert the_provider(a_backend()).takes_any_model is True


def test_a_secret_is_the_variable_that_stands_in_it_or_one_of_its_name() -> None:
    policies = "{auth: {secretRef: {name: openai-secret}}}"
    secret = "\napiVersion: v1\nkind: Secret\nmetadata: {name: openai-secret}\nstringData: {Authorization: $OPENAI_API_KEY}\n"

    assert the_provider(a_backend(policies=policies)).credential == "$OPENAI_SECRET"
    assert the_provider(a_backend(policies=policies), secret).credential == "$OPENAI_API_KEY"


def test_a_key_in_the_file_is_a_variable_here_and_not_repeated() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {Authorization: sk-in-secret}\n"
    text = f"{secret}---{a_backend(policies='{auth: {key: sk-in-policy}}')}"

    assert document(text).providers[0].credential == "$OPENAI_API_KEY"
    assert "sk-in" not in repr(agentgateway.read(text))


def test_groups_are_providers_and_their_tiers_those_of_the_aliases() -> None:
    ai = "{groups: [{providers: [{name: a, openai: {}}, {name: b, anthropic: {}}]}, {providers: [{name: c, gemini: {}}]}]}"

    read = document(a_backend(ai, "{ai: {modelAliases: {fast: small}}}"))

    assert [provider.name for provider in read.providers] == ["a", "b", "c"]
    assert targets(read.aliases[0]) == [("a/small", 0), ("b/small", 0), ("c/small", 1)]
    assert read.aliases[0].selector == "random"


# Names


def test_aliases_of_the_backend_are_aliases_of_ours() -> None:
    read = document(a_backend(policies="{ai: {modelAliases: {fast: gpt-3.5-turbo, smart: gpt-4-turbo}}}"))

    assert {alias.name: targets(alias) for alias in read.aliases} == {
        "fast": [("openai/gpt-3.5-turbo", 0)],
        "smart": [("openai/gpt-4-turbo", 0)],
    }
    assert read.providers[0].aliases is ABSENT


def test_aliases_of_a_provider_replace_those_of_its_backend_as_a_whole() -> None:
    own = "policies: {ai: {modelAliases: {fast: own-fast}}}"
    ai = f"{{groups: [{{providers: [{{name: a, openai: {{}}, {own}}}, {{name: b, openai: {{}}}}]}}]}}"

    read = document(a_backend(ai, "{ai: {modelAliases: {fast: small, smart: big}}}"))

    assert {alias.name: targets(alias) for alias in read.aliases} == {
        "fast": [("a/own-fast", 0), ("b/small", 0)],
        "smart": [("b/big", 0)],
    }
    first, second = read.providers
    assert (own_names(first), second.aliases) == ([("fast", "own-fast")], ABSENT)


def test_where_several_backends_have_a_name_each_keeps_its_own_on_its_own_route() -> None:
    read = document(
        a_backend(policies="{ai: {modelAliases: {fast: gpt-mini}}}"),
        a_backend("{provider: {anthropic: {}}}", "{ai: {modelAliases: {fast: haiku}}}", name="anthropic"),
    )

    assert [targets(alias) for alias in read.aliases] == [[("openai/gpt-mini", 0)]]
    assert [own_names(provider) for provider in read.providers] == [
        [("fast", "gpt-mini")],
        [("fast", "haiku")],
    ]


def test_a_policy_speaks_where_the_backend_does_not() -> None:
    policy = (
        "\napiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayPolicy\nmetadata: {name: p}\n"
        "spec: {targetRefs: [{kind: AgentgatewayBackend, name: openai}], backend: {ai: {modelAliases: {fast: policy-fast}}}}\n"
    )

    of_the_policy = document(a_backend(), policy)
    of_the_backend = document(a_backend(policies="{ai: {modelAliases: {other: own}}}"), policy)

    assert [targets(alias) for alias in of_the_policy.aliases] == [[("openai/policy-fast", 0)]]
    assert [alias.name for alias in of_the_backend.aliases] == ["other"]


def test_a_name_with_a_star_is_a_pattern() -> None:
    (pattern,) = document(a_backend(policies="{ai: {modelAliases: {gpt-*: gpt-4o}}}")).patterns

    assert (pattern.pattern, pattern.provider, pattern.model) == ("gpt-*", "openai", "gpt-4o")


def test_a_name_with_several_stars_is_one_of_the_providers_own() -> None:
    read = document(a_backend(policies="{ai: {modelAliases: {'*gpt*': gpt-4o}}}"))

    assert read.patterns == ()
    assert own_names(read.providers[0]) == [("*gpt*", "gpt-4o")]


def test_a_model_of_the_provider_is_asked_whatever_a_request_names() -> None:
    read = document(a_backend("{provider: {openai: {model: big}}}", "{ai: {modelAliases: {big: gpt-4o}}}"))

    assert [(alias.name, targets(alias)) for alias in read.aliases] == [("openai", [("openai/gpt-4o", 0)])]
    assert own_names(read.providers[0]) == [("*", "gpt-4o")]


# Routes


def an_http_route(path: str, backend: str = "openai") -> str:
    return (
        "\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n"
        f"spec: {{rules: [{{matches: [{{path: {{type: PathPrefix, value: {path}}}}}], backendRefs: [{{name: {backend}}}]}}]}}\n"
    )


def test_a_path_is_a_custom_route_to_its_backend() -> None:
    (route,) = document(a_backend(), an_http_route("/team/A")).routes

    assert (route.path, route.provider, route.api_type) == ("/team/a", "openai", ABSENT)


def test_a_backend_that_no_path_leads_to_gets_one_of_its_name() -> None:
    assert [route.path for route in document(a_backend()).routes] == ["/openai"]
    assert [route.path for route in document(a_backend(name="admin")).routes] == ["/backend-admin"]


def test_a_path_that_is_ours_is_no_custom_route_and_said_so() -> None:
    text = "---".join([a_backend(), an_http_route("/v1/chat")])

    assert document(text).routes == ()
    assert "No custom route is made of it: /v1 is Plexus’s own." in findings(text, Kind.ADAPTED)[-1]


def test_what_a_path_means_that_is_not_known_is_said_by_the_star() -> None:
    (route,) = document(a_backend(policies="{ai: {routes: {'*': Embeddings}}}")).routes

    assert route.api_type == "embeddings"


# The standalone gateway, and models that are named one by one


def test_a_named_model_is_an_alias_and_a_star_a_pattern() -> None:
    models = "{name: fast, provider: openAI, params: {model: gpt-4o-mini}}, {name: claude-*, provider: anthropic}"

    read = document(f"llm: {{models: [{models}]}}")

    assert [targets(alias) for alias in read.aliases] == [[("openai/gpt-4o-mini", 0)]]
    assert [(one.pattern, one.provider, one.model) for one in read.patterns] == [("claude-*", "anthropic", "claude-*")]


def test_a_prefix_that_is_taken_off_is_what_stands_before_the_star() -> None:
    text = """
llm:
  models:
    - name: anthropic/*
      provider: anthropic
      transformation: {model: 'llmRequest.model.stripPrefix("anthropic/")'}
"""

    (pattern,) = document(text).patterns

    assert (pattern.pattern, pattern.model) == ("anthropic/*", "*")


def test_a_model_may_refer_to_a_provider() -> None:
    text = "llm: {providers: [{name: shared, provider: groq}], models: [{name: a, provider: {reference: shared}}]}"

    assert [provider.name for provider in document(text).providers] == ["shared"]


def test_virtual_models_are_weights_or_tiers_of_aliases() -> None:
    models = "{name: a, provider: openai}, {name: b, provider: groq}"
    weighted = "{name: w, routing: {weighted: {targets: [{model: a, weight: 3}, {model: b, weight: 1}]}}}"
    failover = "{name: f, routing: {failover: {targets: [{model: b, priority: 5}, {model: a, priority: 1}]}}}"

    split, chain = document(f"llm: {{models: [{models}], virtualModels: [{weighted}, {failover}]}}").aliases[2:]

    assert (split.selector, [(str(one), one.weight) for one in split.targets]) == ("random", [("a", 3), ("b", 1)])
    assert (chain.selector, targets(chain)) == ("in_order", [("a", 0), ("b", 1)])


def test_an_agentgateway_model_is_one_too() -> None:
    text = (
        "apiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayModel\nmetadata: {name: m}\n"
        "spec: {match: {model: fast}, visibility: Internal, provider: OpenAI, openai: {model: gpt-4o}}"
    )

    (alias,) = document(text).aliases

    assert (alias.name, alias.listed, targets(alias)) == ("fast", False, [("openai/gpt-4o", 0)])


def test_older_binds_are_backends_with_paths() -> None:
    backend = "{ai: {name: mine, provider: {openAI: {}}, policies: {ai: {modelAliases: {fast: gpt-mini}}}}}"
    text = (
        f"binds: [{{listeners: [{{routes: [{{matches: [{{path: {{pathPrefix: /mine}}}}], backends: [{backend}]}}]}}]}}]"
    )

    read = document(text)

    assert [targets(alias) for alias in read.aliases] == [[("mine/gpt-mini", 0)]]
    assert [(route.path, route.provider) for route in read.routes] == [("/mine", "mine")]


# What is wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (a_backend("{provider: {unknown: {}}}"), "spec.ai.provider (line 6): Whose API is it? Known are"),
        (a_backend(policies="{ai: {modelAliases: {fast: [a]}}}"), "spec.policies.ai.modelAliases.fast (line 7): Expected text"),
        ("kind: AgentgatewayBackend\nmetadata: {name: a}\nspec: {}", "apiVersion (line 1): It is missing."),
        ("apiVersion: agentgateway.dev/v1alpha1\nkind: AgentgatewayBackend\nspec: {}", "metadata (line 1): It is missing."),
        ("llm: {models: [{name: a, provider: {reference: b}}]}", "llm.models[0].provider.reference (line 1): There is no provider"),
        ("llm: {virtualModels: [{name: a, routing: {weighted: {targets: [{model: b}]}}}]}", "llm.virtualModels[0].routing.weighted.targets[0] (line 1): “b” is no model of this file."),
        ("llm: {virtualModels: [{name: a, routing: {}}]}", "llm.virtualModels[0].routing (line 1): Expected one of weighted"),
        ("llm: {virtualModels: [{name: a}]}", "llm.virtualModels[0].routing (line 1): It is missing."),
        ("llm: {}\n---\nkind: Secret", "line 3: A configuration with `llm` or `binds` is the only document"),
        ("kind: Deployment", "the file: There is neither a resource of agentgateway"),
        ("kind: [", "line 1: This is not YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_path_and_line(text: str, said: str) -> None:
    (refused,) = findings(text, Kind.REFUSED)

    assert refused.startswith(said)


def test_a_later_document_is_told_with_the_line_of_the_file() -> None:
    text = f"{a_backend()}---{a_backend('{provider: {unknown: {}}}')}"

    (refused,) = findings(text, Kind.REFUSED)

    assert refused.startswith("spec.ai.provider (line 13): ")
