"""A site as it looks after a month of use: providers, aliases, keys, people, and the traffic between them."""

from collections.abc import Mapping

from django.contrib.auth.models import Group, User

from gateway.models import ClientKey
from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias, Synonym, Target
from tests.gateways import saved

OPERATOR = "operator"
PASSWORD = "correct horse battery staple"

ADDRESSES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "openai": ("OpenAI", "https://api.openai.com/v1", ("chat", "completions", "embeddings")),
    "anthropic": ("Anthropic", "https://api.anthropic.com/v1", ("chat",)),
    "groq": ("Groq", "https://api.groq.com/openai/v1", ("chat",)),
    "mistral": ("Mistral AI", "https://api.mistral.ai/v1", ("chat", "embeddings")),
    "deepseek": ("DeepSeek", "https://api.deepseek.com/v1", ("chat",)),
}
MODELS = {
    "openai": ("gpt-4o-mini", "gpt-4o", "gpt-4.1", "text-embedding-3-small"),
    "anthropic": ("claude-sonnet-4-5", "claude-haiku-4-5"),
    "groq": ("llama-3.3-70b-versatile",),
    "mistral": ("mistral-small-latest", "codestral-latest"),
    "deepseek": ("deepseek-chat",),
}
HEADERS = {"Helicone-Auth": "Bearer sk-helicone-literal", "X-Team": "$ANTHROPIC_TEAM", "anthropic-beta": "context-1m"}
"""Of Anthropic: one of each kind."""
ALIASES: Mapping[str, Mapping[str, object]] = {
    "arch.summarize.v1": {"description": "Summaries of tickets; the new model gets 5 %", "weight_mode": "percent"},
    "cheap": {"description": "Batch jobs that may wait"},
    "code": {"description": "Completion and review of code", "selector": "round_robin"},
    "embed": {"description": "Vectors of the search index", "listed": False},
    "fast": {"description": "Chat in the product", "weight_mode": "percent"},
    "legacy-gpt-4": {"description": "Until the mobile app 3.2 is gone", "enabled": False},
    "local": {"description": "Nothing leaves the house", "selector": "in_order"},
    "smart": {
        "description": "Answers that people act on",
        "selector": "in_order",
        "max_attempts": 5,
        "stream_mode": "buffered",
        "sticky": "session",
        "hedge_percentile": 95,
    },
    "translate": {"selector": "in_order"},
}
TARGETS: Mapping[str, tuple[tuple[str, int | None, int], ...]] = {
    "arch.summarize.v1": (("openai/gpt-4o-mini", 95, 0), ("anthropic/claude-haiku-4-5", 5, 0)),
    "cheap": (("mistral/mistral-small-latest", 2, 0), ("groq/llama-3.3-70b-versatile", 1, 0)),
    "code": (("anthropic/claude-sonnet-4-5", 3, 0), ("openai/gpt-4.1", 1, 0), ("mistral/codestral-latest", None, 1)),
    "embed": (("openai/text-embedding-3-small", None, 0),),
    "fast": (
        *(
            ("openai/gpt-4o-mini", 70, 0),
            ("groq/llama-3.3-70b-versatile", 25, 0),
            ("mistral/mistral-small-latest", 5, 0),
        ),
        ("ollama/qwen3:32b", 100, 1),
    ),
    "legacy-gpt-4": (("openai/gpt-4o", None, 0),),
    "local": (("ollama/qwen3:32b", None, 0),),
    "smart": (("anthropic/claude-sonnet-4-5", None, 0), ("openai/gpt-4o", None, 0), ("fast", None, 0)),
    "translate": (("deepseek/deepseek-chat", None, 0),),
}
"""Alias -> (model or other alias, weight, tier) of each target, in order."""
FALLBACKS: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("fast", "ollama/qwen3:32b"): {"conditions": ["rate_limited", "timeout"], "first_byte_timeout_seconds": 20},
    ("smart", "openai/gpt-4o"): {"conditions": ["any"]},
}
"""(Alias, target) -> what it waits for, and how long it is waited for."""
SYNONYMS = {"fast": ("gpt-4o-mini", "quick"), "smart": ("gpt-4o",), "cheap": ("batch",)}
KEYS = ("web app", "mobile app", "search index", "support desk", "nightly batch")


def furnish(local_url: str) -> None:
    """Fill an empty database with configuration. `local_url`: where the provider “ollama” answers."""
    furnish_providers(local_url)
    furnish_aliases()
    furnish_names_and_paths()
    for name in KEYS:
        furnish_key(name)
    User.objects.create_superuser(OPERATOR, "operator@example.com", PASSWORD, first_name="Olga", last_name="Perator")
    reader = saved(User(username="auditor", password="!", email="auditor@example.com", is_staff=True))
    reader.groups.add(Group.objects.get(name="auditor"))


def furnish_providers(local_url: str) -> None:
    for name, (title, url, api_types) in ADDRESSES.items():
        # One stored key among the references, and one provider that is switched off.
        credential = "sk-mistral-literal-secret" if name == "mistral" else f"${name.upper()}_API_KEY"
        headers = HEADERS if name == "anthropic" else {}
        fields = {"credential": credential, "extra_headers": headers, "enabled": name != "deepseek"}
        provider = saved(Provider(name=name, display_name=title, **fields))
        for api_type in api_types:
            saved(Endpoint(provider=provider, api_type=api_type, base_url=url))
        for model in MODELS[name]:
            saved(ProviderModel(provider=provider, name=model, context_length=128_000))
    local = saved(Provider(name="ollama", display_name="Our own machine", auth=Provider.Auth.NONE))
    saved(Endpoint(provider=local, api_type="chat", base_url=local_url))
    own_price = {"input_usd_per_mtok": "0.05", "output_usd_per_mtok": "0.05"}
    saved(ProviderModel(provider=local, name="qwen3:32b", context_length=32_768, **own_price))


def furnish_aliases() -> None:
    aliases = {name: saved(Alias(name=name, **fields)) for name, fields in ALIASES.items()}
    models = {str(model): model for model in ProviderModel.objects.select_related("provider")}
    for name, targets in TARGETS.items():
        # As a form saves them: all at once, so that the weights need not sum to 100 after the first.
        aliases[name].targets_together = []
        for position, (behind, weight, tier) in enumerate(targets):
            what = {"to_alias": aliases[behind]} if behind in aliases else {"model": models[behind]}
            said = FALLBACKS.get((name, behind), {})
            saved(Target(alias=aliases[name], weight=weight, tier=tier, position=position, **what, **said))
        for synonym in SYNONYMS.get(name, ()):
            saved(Synonym(alias=aliases[name], name=synonym))


def furnish_names_and_paths() -> None:
    openai, mistral = Provider.objects.get(name="openai"), Provider.objects.get(name="mistral")
    fast = Alias.objects.get(name="fast")
    saved(PatternAlias(pattern="claude-*", to_alias=Alias.objects.get(name="smart")))
    saved(PatternAlias(pattern="gpt-*-mini", to_alias=fast))
    saved(PatternAlias(pattern="openai-*", provider=openai, model="*", enabled=False))
    for name, model in (("quick", "gpt-4o-mini"), ("gpt-*", "gpt-4o")):
        saved(ProviderAlias(provider=openai, name=name, model=model))
    saved(CustomRoute(path="/openai", provider=openai))
    saved(CustomRoute(path="/mistral/chat-only", provider=mistral, enabled=False))
    saved(CustomRoute(path="/team/search", alias=Alias.objects.get(name="embed"), api_type="embeddings"))
    saved(CustomRoute(path="/everything"))


def furnish_key(name: str) -> None:
    key = ClientKey(name=name)
    if name == "search index":
        key.access = ClientKey.Access.LISTED
    key.make()
    saved(key)
    if name == "search index":
        key.allowed_aliases.set(Alias.objects.filter(name="embed"))
