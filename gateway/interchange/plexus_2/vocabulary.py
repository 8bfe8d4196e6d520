"""What the older Plexus's words mean here, and keys that mean nothing to us, each with the reason."""

from typing import Final

BACKUP: Final = "plexus_backup"
"""What marks a backup."""
GROUPS: Final = "target_groups"

SELECTORS: Final = ("random", "in_order", "cost", "latency", "performance", "usage")
API_TYPES: Final = {
    "chat": "chat",
    "completions": "completions",
    "embeddings": "embeddings",
    "messages": "messages",
    "responses": "responses",
}
"""Its API type -> ours."""
KINDS: Final = {"chat": [], "responses": [], "embeddings": ["embeddings"], "completions": ["completions"]}
"""`type` of a model -> its API types here; every one, where it says no more than that the model talks."""
HOSTS: Final = {"anthropic": "messages", "generativelanguage.googleapis.com": "gemini"}
"""What an address without an API type holds -> the API that is spoken there; chat elsewhere.
Source: getProviderTypes in packages/backend/src/config.ts of mcowger/plexus."""

PROVIDER_KEYS: Final = (
    *("display_name", "api_base_url", "api_key", "enabled", "headers", "timeoutMs", "stallTtfbMs", "maxConcurrency"),
    *("discount", "models", "oauth_provider"),
)
MODEL_KEYS: Final = ("pricing", "access_via", "type", "maxConcurrency")
ALIAS_KEYS: Final = ("selector", "targets", GROUPS, "additional_aliases", "sticky_session")
TARGET_KEYS: Final = ("provider", "model", "alias", "enabled", "weight")

NOT_SPOKEN: Final = "This API is not spoken here; known are " + ", ".join(API_TYPES) + "."
_AS_WRITTEN: Final = "Requests reach a model as the caller wrote them, but for its name."
_RESTS: Final = "How long an upstream rests after failures is said in the settings, for all of them."
_STALLS: Final = "A stream is given up by `timeouts` of its provider, in seconds without a word, not by its speed."
_QUOTAS: Final = "Quotas are not kept here yet."
_ADAPTERS: Final = "There are no adapters here: a provider is spoken to in the API of its address."
_OAUTH: Final = "Signing in for a provider by OAuth is not spoken here."

NOTHING_OF_A_PROVIDER: Final = {
    "disable_cooldown": _RESTS,
    "stall_cooldown": _RESTS,
    "stallTtfbBytes": _STALLS,
    "stallMinBps": _STALLS,
    "stallWindowMs": _STALLS,
    "stallGracePeriodMs": _STALLS,
    "extraBody": _AS_WRITTEN,
    "estimateTokens": "Tokens are those that the provider tells; what it does not tell is unknown.",
    "quota_checker": _QUOTAS,
    "allow_100_percent_utilization": _QUOTAS,
    "adapter": _ADAPTERS,
    "auto_compat": _ADAPTERS,
    "pi_ai_provider": _ADAPTERS,
    "useClaudeMasking": _ADAPTERS,
    "geminiThinkingEnabled": _ADAPTERS,
    "gemini_thinking_enabled": _ADAPTERS,
    "oauth_account": _OAUTH,
    "model_autosync": "Models are known by name here: add those that are to be asked for.",
    "raw_passthrough": "Requests name a model; there is no way past that.",
    "compaction": _AS_WRITTEN,
}
NOTHING_OF_A_MODEL: Final = {
    "extraBody": _AS_WRITTEN,
    "adapter": _ADAPTERS,
    "auto_compat": _ADAPTERS,
    "pi_ai_model_id": _ADAPTERS,
}
NOTHING_OF_AN_ALIAS: Final = {
    "priority": "The selector decides among all targets that speak the client's API.",
    "enforce_limits": "A prompt that is too long is refused by the model itself; a fallback may wait for `context_length`.",
    "type": "What a name can do is what the models behind it can do.",
    "preferred_api": "Every target is asked in the API that the client spoke.",
    "extraBody": _AS_WRITTEN,
    "metadata": "Prices and context lengths are those of the provider’s models.",
    "use_image_fallthrough": _AS_WRITTEN,
    "advanced": _AS_WRITTEN,
    "pi_model": _ADAPTERS,
    "model_architecture": "Nothing is estimated from it here.",
    "compaction": _AS_WRITTEN,
}
_KEYS: Final = "A client's key is made here, and shown once: `manage.py create_key NAME`."
_TOOLS: Final = "Plexus routes requests for models, and serves no tools."
_FAILOVER: Final = "What is tried again after which failure is the same for all; an alias has `maxAttempts`."
NOTHING_AT_TOP: Final = {
    "adminKey": "Administrators sign in with a name and a password: `manage.py createsuperuser`.",
    "failover": _FAILOVER,
    "cooldown": _RESTS,
    "keys": _KEYS,
    "user_quotas": _QUOTAS,
    "mcp_servers": _TOOLS,
    "mcp_keys": _TOOLS,
    "vision_fallthrough": _AS_WRITTEN,
    "performanceExplorationRate": "Every selector looks at those it has not measured lately by itself.",
    "latencyExplorationRate": "Every selector looks at those it has not measured lately by itself.",
    "settings": "Settings are environment variables here: docs/settings.md.",
    "oauth_credentials": _OAUTH,
    "logging": "What a request was and who served it is in the history; nothing needs to be turned on.",
}
"""Key at the top of the file, or of a backup's `data` -> why nothing comes of it."""
NOTHING_OF_A_BACKUP: Final = {
    "version": "It only says how the file is to be read.",
    "created_at": "It only says how old the file is.",
    "dialect": "It only says in which database it was.",
}
