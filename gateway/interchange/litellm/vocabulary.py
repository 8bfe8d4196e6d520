"""What LiteLLM's words mean here."""

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
