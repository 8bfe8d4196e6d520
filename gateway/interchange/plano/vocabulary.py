"""What Plano's words mean here: addresses that it knows by heart, and keys that mean nothing to us, each with the reason."""

from typing import Final

MODELS: Final = ("model_providers", "llm_providers")
"""The list of models: its name today, and before."""
ALIASES: Final = "model_aliases"

MODEL_KEYS: Final = ("model", "name", "access_key", "base_url", "provider_interface", "headers", "default")
ALIAS_KEYS: Final = ("target", "targets", "fallbacks", "load_balance", "guardrails")
TARGET_KEYS: Final = ("model", "weight", "endpoint")
FALLBACK_KEYS: Final = ("target", "conditions")

ROOTS: Final = {
    "anthropic": "https://api.anthropic.com/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "digitalocean": "https://inference.do-ai.run/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "moonshotai": "https://api.moonshot.ai/v1",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "together_ai": "https://api.together.xyz/v1",
    "vercel": "https://ai-gateway.vercel.sh/v1",
    "xai": "https://api.x.ai/v1",
    "xiaomi": "https://api.xiaomimimo.com/v1",
    "zhipu": "https://open.bigmodel.cn/api/paas/v4",
}
"""Where the providers stand that need no `base_url`. Source: config/envoy.template.yaml of katanemo/plano."""
PATHS: Final = {
    "azure_openai": "/openai/v1",
    "gemini": "/v1beta/openai",
    "groq": "/openai/v1",
    "qwen": "/compatible-mode/v1",
    "zhipu": "/api/paas/v4",
}
"""What follows a `base_url` without a path; /v1 everywhere else. Source: crates/hermesllm/src/clients/endpoints.rs. Azure: its
API with a version in the query is none of ours; the one without says the same.
https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle"""
KEY_HEADERS: Final = {"azure_openai": "api-key"}
"""Who takes the key in a header of its own."""
NOT_SPOKEN: Final = ("amazon_bedrock",)

ADAPTED: Final = {
    "anthropic": "It is asked at its OpenAI-compatible address.",
    "azure_openai": "It is asked at Azure's v1 API, with the key in the header api-key.",
    "amazon_bedrock": "Bedrock's own API is not spoken here: it is imported disabled, so its targets get no requests.",
}
"""Provider -> what is different from Plano."""

ALGORITHMS: Final = {
    "round_robin": "round_robin",
    "least_connections": "least_connections",
    "weighted": "random",
}
"""Of `load_balance` -> our selector. Ours choose by weight in any case."""

WEIGHTS: Final = "Weights are percent, and sum to 100."
NOT_ENFORCED: Final = "It is kept, and not enforced yet: requests to this alias pass without it."

NOTHING_OF_A_MODEL: Final = {
    "passthrough_auth": "Clients show a key of Plexus here, never one of the provider. Store the provider's key.",
    "http_host": "The Host header is always that of the address.",
    "routing_preferences": "Prompts are not judged here: clients ask for an alias.",
}
_PROMPTS: Final = "Prompts are not judged here: clients ask for an alias."
_AGENTS: Final = "Plexus routes requests for models, and runs no agents or functions."
_GUARDS: Final = "It is not enforced yet, and not kept: requests pass without it."
NOTHING_AT_TOP: Final = {
    "version": "It only says how the file is to be read.",
    "listeners": "Where Plexus listens is said to `manage.py serve`; deadlines and attempts belong to providers and aliases.",
    "filters": _GUARDS,
    "prompt_guards": _GUARDS,
    "ratelimits": _GUARDS,
    "routing_preferences": _PROMPTS,
    "routing": _PROMPTS,
    "model_metrics_sources": "Selectors go by what Plexus measures itself, and by its own prices.",
    "prompt_caching": "Caches of prompts are the providers'. `sticky` of an alias keeps a conversation with one of them.",
    "tracing": "What happened is in the history, and in /metrics.",
    "state_storage": "Conversations are not stored.",
    "overrides": "These are switches of Plano's own.",
    "mode": "These are switches of Plano's own.",
    "endpoints": _AGENTS,
    "agents": _AGENTS,
    "prompt_targets": _AGENTS,
    "system_prompt": "Requests reach a model as the caller wrote them.",
}
"""Key at the top of the file -> why nothing comes of it."""
