"""How providers spell the failures that their HTTP status does not tell.

Codes come first. Words count only where a provider has no code of its own. Messages may repeat what a caller wrote, so
words that would put an upstream to rest must begin the message; those that would not may stand anywhere in it.

Sources: platform.openai.com/docs/guides/error-codes, learn.microsoft.com/azure/ai-services/openai (content filtering),
docs.anthropic.com/en/api/errors, ai.google.dev/gemini-api/docs/troubleshooting, openrouter.ai/docs (errors and debugging),
console.groq.com/docs/errors, docs.mistral.ai, help.aliyun.com (DashScope error codes), and the servers' sources: vLLM,
llama.cpp, Ollama.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from providers.errors import (
    ContentFiltered,
    ContextLengthExceeded,
    QuotaExceeded,
    Refusal,
    UpstreamAuthFailed,
    UpstreamModelNotFound,
    UpstreamRateLimited,
)
from providers.wire.complaint import FLAGGED

_CODES_OF: Final[Mapping[type[Refusal], tuple[str, ...]]] = {
    ContextLengthExceeded: (
        "context_length_exceeded",  # OpenAI, Azure, Groq, Cerebras
        "exceed_context_size_error",  # llama.cpp
        "model_max_prompt_tokens_exceeded",  # GitHub Copilot
        "tokens_limit_reached",  # GitHub Models
        *("max_tokens_exceeded", "token_limit_exceeded"),  # OpenRouter
        "contextwindowexceedederror",  # LiteLLM
    ),
    ContentFiltered: (
        *("content_policy_violation", "moderation_blocked"),  # OpenAI
        *("content_filter", "responsibleaipolicyviolation"),  # Azure
        FLAGGED,  # OpenRouter
        *("data_inspection_failed", "datainspectionfailed"),  # DashScope
        "contentpolicyviolationerror",  # LiteLLM
    ),
    QuotaExceeded: (
        *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"),  # OpenAI
        "billing_error",  # Anthropic
        "blocked_api_access",  # Groq: the spend limit
        "exceeded_current_quota_error",  # Moonshot
        "arrearage",  # DashScope
        *("insufficient_balance", "insufficient_credits", "insufficient_user_quota"),  # resellers
    ),
    UpstreamAuthFailed: (
        *("invalid_api_key", "account_deactivated"),  # OpenAI
        "api_key_invalid",  # Google, with status 400
        "authentication_error",  # Anthropic
    ),
    UpstreamModelNotFound: (
        "model_not_found",  # OpenAI, Groq, xAI
        "deploymentnotfound",  # Azure
        *("model_decommissioned", "model_terms_required"),  # Groq
        *("model_permission_blocked_org", "model_permission_blocked_project"),  # Groq, with status 403
        "invalid_model",  # Mistral, with status 400
        "model_not_available",  # Together
    ),
    UpstreamRateLimited: (
        "rate_limit_exceeded",  # OpenAI, Groq
        "rate_limit_error",  # Anthropic
        "resource_exhausted",  # Google
        "throttlingexception",  # Bedrock
        "capacity_exceeded",  # Groq's flex tier, with status 498
    ),
}
KIND_OF_CODE: Final[Mapping[str, type[Refusal]]] = {code: kind for kind, codes in _CODES_OF.items() for code in codes}

_CODES_OF_STATUS: Final[Mapping[int, tuple[str, ...]]] = {
    400: ("invalid_request_error", "invalid_argument", "failed_precondition", "badrequesterror"),
    401: ("authentication_error", "unauthenticated", "invalid_api_key", "api_key_invalid"),
    402: ("billing_error", "insufficient_credits", "insufficient_balance"),
    403: ("permission_error", "permission_denied"),
    404: ("not_found_error", "not_found", "model_not_found", "notfounderror"),
    413: ("request_too_large",),
    429: (
        *("rate_limit_error", "rate_limit_exceeded", "resource_exhausted", "insufficient_quota"),
        *("too_many_requests", "throttlingexception"),
    ),
    500: ("api_error", "server_error", "internal_server_error", "internal", "internal_error", "internalservererror"),
    502: ("bad_gateway",),
    503: ("unavailable", "service_unavailable", "server_is_overloaded", "engine_overloaded_error"),
    504: ("timeout_error", "deadline_exceeded", "timeout", "gateway_timeout"),
    529: ("overloaded_error", "overloaded"),
}
STATUS_OF_CODE: Final[Mapping[str, int]] = {
    code: status for status, codes in _CODES_OF_STATUS.items() for code in codes
}
"""Which status an error inside a 200 stands for, by the word that it names itself with."""

TOO_LONG: Final = re.compile(
    r"maximum context length"  # OpenAI, vLLM, DeepSeek, OpenRouter
    r"|prompt is too long|exceed context limit"  # Anthropic
    r"|input token count.{0,40} exceeds the maximum"  # Google
    r"|input tokens exceed the configured limit|exceeds the context window"  # OpenAI
    r"|reduce the length of (?:the messages|your prompt)"  # Groq
    r"|exceeds the available context size|greater than the context length"  # llama.cpp, LM Studio
    r"|input length exceeds .{0,20}context length"  # Ollama
    r"|too large for model with .{0,20}maximum context"  # Mistral
    r"|maximum prompt length is \d"  # xAI
    r"|input is too long for requested model"  # Bedrock
    r"|exceeded model token limit|context window exceeds limit"  # Moonshot, MiniMax
    r"|`inputs` tokens \+ `max_new_tokens` must be"  # Text Generation Inference, Together
)
# One request above what an account may send in a minute: to wait is in vain, and other requests are served.
TOO_LARGE_FOR_ACCOUNT: Final = re.compile(r"request too large for ")
AGAINST_POLICY: Final = re.compile(
    r"flagged as potentially violating"  # OpenAI's reasoning models
    r"|content management policy"  # Azure
    r"|blocked by content filtering policy"  # Anthropic
    r"|content exists risk"  # DeepSeek
    r"|may contain inappropriate content"  # DashScope
    r"|content violates usage guidelines"  # xAI
)
NO_MONEY: Final = re.compile(
    r"your credit balance is too low|you have reached your specified api usage limits"  # Anthropic, with status 400
)
WRONG_KEY: Final = re.compile(r"incorrect api key provided|api key not valid")  # xAI and Google, with status 400
NO_SUCH_FEATURE: Final = re.compile(
    r"no endpoints found that |no endpoints found matching your data policy"  # OpenRouter, with status 404
)
