"""The words that reading and writing share: their key -> our field, and the choices that a key takes."""

from typing import Final

PROVIDER_KEYS: Final = (
    *("name", "displayName", "enabled", "apiTypes", "baseUrls", "auth", "extraHeaders", "asksStreamUsage"),
    *("timeouts", "maxInFlight", "probeEverySeconds", "models", "takesAnyModel", "aliases"),
)
AUTH_KEYS: Final = ("type", "header", "apiKeyEnv", "credential")
MODEL_KEYS: Final = ("name", "enabled", "apiTypes", "contextLength", "price", "maxInFlight")
ALIAS_KEYS: Final = (
    *("alias", "description", "additionalAliases", "enabled", "listed", "selector", "weightMode", "answerModel"),
    *("maxAttempts", "streamMode", "sticky", "stickySeconds", "hedgePercentile", "hedgeBudgetPercent"),
    *("default", "guardrails", "targets"),
)
PATTERN_KEYS: Final = ("pattern", "alias", "provider", "model", "enabled")
ROUTE_KEYS: Final = ("path", "provider", "alias", "apiType", "enabled")
TARGET_KEYS: Final = (
    *("provider", "model", "alias", "weight", "tier", "enabled", "endpoint", "conditions", "timeouts"),
)

TIMEOUTS: Final = {
    "connectSeconds": "connect_timeout_seconds",
    "firstByteSeconds": "first_byte_timeout_seconds",
    "idleSeconds": "idle_timeout_seconds",
    "semanticIdleSeconds": "semantic_idle_timeout_seconds",
    "answerSeconds": "answer_timeout_seconds",
}
TARGET_TIMEOUTS: Final = {
    key: TIMEOUTS[key] for key in ("connectSeconds", "firstByteSeconds", "idleSeconds", "answerSeconds")
}
PRICES: Final = {
    "inputUsdPerMtok": "input_usd_per_mtok",
    "outputUsdPerMtok": "output_usd_per_mtok",
    "cachedInputUsdPerMtok": "cached_input_usd_per_mtok",
}

AUTH_TYPES: Final = ("bearer", "x-api-key", "header", "none")
WEIGHT_MODES: Final = ("relative", "percent")
ANSWER_MODELS: Final = ("upstream", "requested")
STREAM_MODES: Final = ("live", "buffered")
STICKY: Final = ("off", "session", "first_messages")
CREDENTIAL_KEPT: Final = "kept"
HEADER_VALUE: Final = "value"
"""`X-Team-Key: {value: kept}`: no text, so that it is no header's value."""
ONLY_KEPT: Final = (
    f"Expected `{{{HEADER_VALUE}: {CREDENTIAL_KEPT}}}`. A value itself stands behind the header’s name, without braces."
)
VALUE_IN_A_FILE: Final = (
    "Whoever has this file has this value. It is stored encrypted; better, name the variable that holds it: $NAME."
)
LITERAL_KEY: Final = "apiKey"
"""Where other gateways' files have the key itself."""
NO_KEYS_IN_FILES: Final = (
    "A key does not belong into the document: name its variable in `auth.apiKeyEnv`, "
    f"or write `auth: {{credential: {CREDENTIAL_KEPT}}}` and type it in the admin."
)
