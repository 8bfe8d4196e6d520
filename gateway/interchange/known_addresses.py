"""Where well-known providers stand, and how each is shown its key: for files that name a provider and no address.

Only APIs like OpenAI's are spoken for these; Anthropic and Gemini have such an address beside their own.
"""

from typing import Final

ROOTS: Final = {
    "anthropic": "https://api.anthropic.com/v1",
    "baseten": "https://inference.baseten.co/v1",
    "cerebras": "https://api.cerebras.ai/v1",
    "cohere": "https://api.cohere.ai/compatibility/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "deepseek": "https://api.deepseek.com/v1",
    "digitalocean": "https://inference.do-ai.run/v1",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "huggingface": "https://router.huggingface.co/v1",
    "mistral": "https://api.mistral.ai/v1",
    "moonshotai": "https://api.moonshot.ai/v1",
    "nvidia_nim": "https://integrate.api.nvidia.com/v1",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "perplexity": "https://api.perplexity.ai",
    "sambanova": "https://api.sambanova.ai/v1",
    "together_ai": "https://api.together.xyz/v1",
    "vercel": "https://ai-gateway.vercel.sh/v1",
    "xai": "https://api.x.ai/v1",
    "xiaomi": "https://api.xiaomimimo.com/v1",
    "zhipu": "https://open.bigmodel.cn/api/paas/v4",
}
"""Provider -> the root of its API. Sources: config/envoy.template.yaml of katanemo/plano, crates/llm/src/custom.rs of
agentgateway/agentgateway, litellm/constants.py of BerriAI/litellm."""
OPENAI_LIKE: Final = ("chat", "completions", "embeddings")
"""What stands at a root of OpenAI's kind."""
ONLY_CHAT: Final = ("anthropic", "perplexity", "xai", "groq", "cerebras")
"""Who does nothing else there."""
AZURE_PATH: Final = "/openai/v1"
"""Azure's API without a version in the query.
https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle"""
AZURE_HEADER: Final = "api-key"


def api_types_of(kind: str) -> tuple[str, ...]:
    """The API types that a provider of this kind answers at its root."""
    return ("chat",) if kind in ONLY_CHAT else OPENAI_LIKE
