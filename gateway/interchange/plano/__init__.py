"""Plano's configuration (arch_config.yaml of Arch Gateway before): models under `llm_providers`, names under `model_aliases`.

    llm_providers:   - model (provider/id) access_key base_url headers provider_interface        (or model_providers)
    model_aliases:   NAME: target, or targets: - model weight endpoint
                           fallbacks: - target conditions
                           load_balance: algorithm
                           guardrails

Both today's schema and what Plano's documentation announces (fallbacks, traffic splitting, load balancing) are read. A chain
of fallbacks becomes tiers: the target is tier 0, its first fallback tier 1, and so on.
Sources: https://docs.planoai.dev (model aliases, LLM providers), config/plano_config_schema.yaml of katanemo/plano
"""

from gateway.interchange.plano import vocabulary
from gateway.interchange.plano.reading import read
from gateway.interchange.recognising import by_top_keys

__all__ = ["read", "recognises"]

recognises = by_top_keys(*vocabulary.MODELS, vocabulary.ALIASES)
