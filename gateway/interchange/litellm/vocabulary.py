"""What LiteLLM's words mean here, and keys that mean nothing to us, each with the reason."""

from typing import Final

from gateway.interchange.known_addresses import ROOTS

MODELS: Final = "model_list"
PARAMS: Final = "litellm_params"

STRATEGIES: Final = {
    "simple-shuffle": "random",
    "least-busy": "least_connections",
    "latency-based-routing": "latency",
    "usage-based-routing": "usage",
    "usage-based-routing-v2": "usage",
    "cost-based-routing": "cost",
}
"""`routing_strategy` -> our selector."""

ADDRESSES: Final = ROOTS | {
    "cohere_chat": ROOTS["cohere"],
    "fireworks_ai": ROOTS["fireworks"],
    "moonshot": ROOTS["moonshotai"],
    "text-completion-openai": ROOTS["openai"],
    "ollama": "http://localhost:11434/v1",
    "ollama_chat": "http://localhost:11434/v1",
}
"""Provider -> the root of its API, where `api_base` does not say it."""
OWN_SERVERS: Final = (
    *("ollama", "ollama_chat", "vllm", "hosted_vllm", "openai_like", "custom_openai", "lm_studio", "llamafile"),
    *("litellm_proxy", "xinference", "infinity", "text-completion-openai", "custom"),
)
"""Who speaks OpenAI's API at an address of the operator's own."""
AZURE: Final = ("azure", "azure_ai", "azure_text")
NOT_SPOKEN: Final = {
    *(
        "bedrock",
        "bedrock_converse",
        "vertex_ai",
        "vertex_ai_beta",
        "sagemaker",
        "sagemaker_chat",
        "watsonx",
        "replicate",
    ),
    *("oci", "snowflake", "predibase", "nlp_cloud", "petals", "triton", "github_copilot", "chatgpt"),
}
"""Whose own API is none of ours."""
KEYLESS: Final = {"none", "null", "empty", "fake", "dummy", "fake-key", "dummy-key", "not-needed", "no-key", "anything"}
"""What is written in the place of a key where none is needed."""
BY_BEGINNING: Final = {
    "gpt-": "openai",
    "chatgpt-": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "text-embedding-": "openai",
    "claude-": "anthropic",
    "gemini-": "gemini",
    "command-": "cohere",
    "mistral-": "mistral",
    "deepseek-": "deepseek",
}
"""How the name of a model begins that is written without its provider -> whose it is."""
MODES: Final = {
    "chat": "chat",
    "responses": "chat",
    "completion": "completions",
    "embedding": "embeddings",
}
"""`mode` of a model -> the API type it is asked in."""
COSTS: Final = {
    "input_cost_per_token": "input_usd_per_mtok",
    "output_cost_per_token": "output_usd_per_mtok",
    "cache_read_input_token_cost": "cached_input_usd_per_mtok",
}
"""US dollars per token -> our field, per million of them."""

PARAMS_KEYS: Final = (
    *("model", "api_key", "api_base", "base_url", "custom_llm_provider", "weight", "order", "rpm", "tpm"),
    *("timeout", "stream_timeout", "max_parallel_requests", "headers", "extra_headers", *COSTS),
)
INFO_KEYS: Final = ("mode", "max_input_tokens", "order", *COSTS)

_AS_WRITTEN: Final = "Requests reach a model as the caller wrote them, but for its name."
_RETRIES: Final = "Each target is tried once, then the next one; `maxAttempts` of an alias says how many."
_RESTS: Final = "How long an upstream rests after failures is said in the settings, for all of them."
_LIMITS: Final = "Limits per minute and budgets are not kept here yet."
_CLOUD: Final = "Signing in to a cloud is not spoken here: only a key in a header."
_HISTORY: Final = "What happened is in the history, and in /metrics."
_KEYS: Final = "A client's key is made here, and shown once: `manage.py create_key NAME`."
_CACHE: Final = "Answers are not cached."
_GUARDS: Final = "It is not enforced yet, and not kept: requests pass without it."
_OWN: Final = "It is a switch of LiteLLM's own."
_TOOLS: Final = "Plexus routes requests for models, and serves no tools, agents or files."

NOTHING_OF_PARAMS: Final = {
    "api_version": "Azure's API without versions is asked.",
    "drop_params": _AS_WRITTEN,
    "additional_drop_params": _AS_WRITTEN,
    "modify_params": _AS_WRITTEN,
    "allowed_openai_params": _AS_WRITTEN,
    "temperature": _AS_WRITTEN,
    "max_tokens": _AS_WRITTEN,
    "top_p": _AS_WRITTEN,
    "seed": _AS_WRITTEN,
    "stop": _AS_WRITTEN,
    "extra_body": _AS_WRITTEN,
    "input_type": _AS_WRITTEN,
    "merge_reasoning_content_in_choices": _AS_WRITTEN,
    "cache_control_injection_points": _AS_WRITTEN,
    "max_retries": _RETRIES,
    "num_retries": _RETRIES,
    "cooldown_time": _RESTS,
    "max_budget": _LIMITS,
    "budget_duration": _LIMITS,
    "default_api_key_tpm_limit": _LIMITS,
    "default_api_key_rpm_limit": _LIMITS,
    "organization": "Say it as a header of the provider: OpenAI-Organization.",
    "tags": "Requests are not told apart by tags: clients ask for an alias.",
    "tag_regex": "Requests are not told apart by tags: clients ask for an alias.",
    "configurable_clientside_auth_params": "Clients show a key of Plexus here, never one of the provider.",
    "litellm_credential_name": "Name the environment variable in the provider's credential.",
    "use_in_pass_through": "A path of its own for a provider is a custom route here.",
    "mock_response": "Nothing is made up here.",
    "tokenizer": "Nothing is counted here: tokens are those that the provider tells.",
    "cache_creation_input_token_cost": "Writing to a cache costs the same as input here.",
    "input_cost_per_second": "A price is one per token here.",
    "output_cost_per_second": "A price is one per token here.",
    "aws_access_key_id": _CLOUD,
    "aws_secret_access_key": _CLOUD,
    "aws_session_token": _CLOUD,
    "aws_region_name": _CLOUD,
    "aws_profile_name": _CLOUD,
    "aws_role_name": _CLOUD,
    "vertex_project": _CLOUD,
    "vertex_location": _CLOUD,
    "vertex_credentials": _CLOUD,
    "tenant_id": _CLOUD,
    "client_id": _CLOUD,
    "client_secret": _CLOUD,
    "azure_ad_token": _CLOUD,
    "azure_ad_token_provider": _CLOUD,
    "region_name": "Where an upstream stands is not looked at.",
    "guardrails": _GUARDS,
}
NOTHING_OF_INFO: Final = {
    "id": "A target is told by its provider and model.",
    "base_model": "Prices are looked up by the provider's own name of the model; give it prices where that is not found.",
    "max_tokens": "A prompt that is too long is refused by the model itself.",
    "max_output_tokens": "A prompt that is too long is refused by the model itself.",
    "access_groups": "Which aliases a client may use is said with its key.",
    "cache_creation_input_token_cost": "Writing to a cache costs the same as input here.",
    "tier": _OWN,
    "team_id": _KEYS,
    "team_public_model_name": _KEYS,
    "litellm_provider": _OWN,
    "description": "Say it in the description of the alias, in the admin.",
    "metadata": _OWN,
    "db_model": _OWN,
    "health_check_model": "A probe asks the model itself.",
    "disable_background_health_check": "Models are probed where their provider says so.",
}
NOTHING_OF_THE_ROUTER: Final = {
    "num_retries": _RETRIES,
    "max_fallbacks": _RETRIES,
    "retry_after": _RETRIES,
    "retry_policy": _RETRIES,
    "model_group_retry_policy": _RETRIES,
    "allowed_fails": _RESTS,
    "allowed_fails_policy": _RESTS,
    "cooldown_time": _RESTS,
    "disable_cooldowns": _RESTS,
    "routing_strategy_args": "A selector has no arguments here.",
    "routing_groups": "The selector is the alias's: change it in the admin.",
    "enable_pre_call_checks": "A prompt that is too long is refused by the model itself; a fallback may wait for that.",
    "optional_pre_call_checks": "`sticky` of an alias keeps a conversation with one target.",
    "enable_tag_filtering": "Requests are not told apart by tags: clients ask for an alias.",
    "tag_filtering_match_any": "Requests are not told apart by tags: clients ask for an alias.",
    "enable_weighted_failover": "The next target is always another one.",
    "default_litellm_params": _AS_WRITTEN,
    "default_max_parallel_requests": "Limits are said for each provider and model: `maxInFlight`.",
    "provider_budget_config": _LIMITS,
    "redis_host": "Redis is named in REDIS_URL.",
    "redis_port": "Redis is named in REDIS_URL.",
    "redis_password": "Redis is named in REDIS_URL.",
    "redis_url": "Redis is named in REDIS_URL.",
    "redis_db": "Redis is named in REDIS_URL.",
    "cache_responses": _CACHE,
    "cache_kwargs": _CACHE,
    "caching_groups": _CACHE,
    "client_ttl": _OWN,
    "polling_interval": _OWN,
    "set_verbose": _HISTORY,
    "debug_level": _HISTORY,
    "alerting_config": _HISTORY,
    "assistants_config": _TOOLS,
    "search_tools": _TOOLS,
    "guardrail_list": _GUARDS,
}
NOTHING_OF_SETTINGS: Final = {
    "num_retries": _RETRIES,
    "num_retries_per_request": _RETRIES,
    "allowed_fails": _RESTS,
    "cooldown_time": _RESTS,
    "drop_params": _AS_WRITTEN,
    "modify_params": _AS_WRITTEN,
    "set_verbose": _HISTORY,
    "json_logs": _HISTORY,
    "callbacks": _HISTORY,
    "success_callback": _HISTORY,
    "failure_callback": _HISTORY,
    "service_callbacks": _HISTORY,
    "turn_off_message_logging": "Prompts and answers are never stored.",
    "redact_user_api_key_info": "Prompts and answers are never stored.",
    "langfuse_default_tags": _HISTORY,
    "telemetry": "Nothing is told to anybody.",
    "cache": _CACHE,
    "cache_params": _CACHE,
    "max_budget": _LIMITS,
    "budget_duration": _LIMITS,
    "max_parallel_requests": _LIMITS,
    "default_team_settings": _KEYS,
    "default_internal_user_params": _KEYS,
    "upperbound_key_generate_params": _KEYS,
    "force_ipv4": _OWN,
    "enable_preview_features": _OWN,
    "ssl_verify": "Certificates are always looked at.",
    "guardrails": _GUARDS,
    "mcp_servers": _TOOLS,
    "prompts": _TOOLS,
}
NOTHING_AT_TOP: Final = {
    "guardrails": _GUARDS,
    "mcp_servers": _TOOLS,
    "search_tools": _TOOLS,
    "vector_store_registry": _TOOLS,
    "assistant_settings": _TOOLS,
    "finetune_settings": _TOOLS,
    "files_settings": _TOOLS,
    "prompts": _TOOLS,
    "callback_settings": _HISTORY,
    "credential_list": "Name the environment variable in each provider's credential.",
    "include": "Only this file is read: import the others one by one.",
}
GENERAL: Final = {
    "master_key": "Administrators sign in with a name and a password; clients have keys of their own: `manage.py create_key NAME`.",
    "database_url": "The database is named in DATABASE_URL.",
    "completion_model": "A request names its model.",
    "max_parallel_requests": _LIMITS,
    "global_max_parallel_requests": "At most PLEXUS_MAX_IN_FLIGHT requests are served at once.",
    "background_health_checks": "Models are probed where their provider says so: `probeEverySeconds`.",
    "health_check_interval": "Models are probed where their provider says so: `probeEverySeconds`.",
    "custom_auth": _KEYS,
    "pass_through_endpoints": "A path of its own for a provider is a custom route here.",
    "alerting": _HISTORY,
    "store_model_in_db": "Configuration is always in the database.",
}
ELSEWHERE: Final = "How the server runs is said in environment variables here: docs/settings.md."
VARIABLE: Final = "Set it in the environment of Plexus, or in its .env; values in a file are not read."
