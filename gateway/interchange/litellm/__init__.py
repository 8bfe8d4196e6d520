"""LiteLLM's proxy `config.yaml`: deployments under `model_list`; those of one `model_name` are one alias here.

    model_list:      - model_name, litellm_params: model (provider/id) api_key api_base weight order rpm tpm timeout …
                                   model_info: mode input_cost_per_token output_cost_per_token max_input_tokens …
    router_settings: routing_strategy model_group_alias fallbacks context_window_fallbacks content_policy_fallbacks …
    litellm_settings: the same fallbacks, request_timeout …

Names with `*` become patterns; those that an alias cannot have are changed, and said to be.
Sources: https://docs.litellm.ai/docs/proxy/configs, /proxy/config_settings, /proxy/reliability, /proxy/load_balancing;
litellm/types/router.py and litellm/router_strategy/simple_shuffle.py of BerriAI/litellm
"""

from gateway.interchange.litellm.reading import read
from gateway.interchange.recognising import by_top_keys

__all__ = ["read", "recognises"]

recognises = by_top_keys("model_list", "litellm_settings", "router_settings")
