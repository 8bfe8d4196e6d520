"""What a request would cost at an upstream, before anybody has answered it: for choosing, not for billing."""

import msgspec

from gateway.purse import Purse
from providers.pricing import Price, Usage, cost_usd
from routing.table import Upstream

BYTES_PER_TOKEN = 4
"""Of English text in JSON, about."""
USUAL_OUTPUT_TOKENS = 500
"""Where a request sets no limit."""


class _Limits(msgspec.Struct, gc=False):
    max_completion_tokens: int | None = None
    max_tokens: int | None = None


_limits = msgspec.json.Decoder(_Limits)


class Estimate(msgspec.Struct, kw_only=True, gc=False):
    """Of one request. Costs nothing until it is asked."""

    body: bytes
    api_type: str
    purse: Purse
    usage: Usage | None = None

    def cost_usd(self, upstream: Upstream) -> float | None:
        """None where nobody knows the price."""
        if self.usage is None:
            self.usage = expected_usage(self.body)
        cost = cost_usd(
            self.usage,
            provider=upstream.provider,
            model=upstream.model,
            base_url=upstream.urls.get(self.api_type, ""),
            override=self._price(upstream),
        )
        return None if cost is None else float(cost)

    def _price(self, upstream: Upstream) -> Price | None:
        if self.purse.objection(upstream) is not None:
            return None
        return self.purse.prepared(upstream).price


def expected_usage(body: bytes) -> Usage:
    """As many tokens as the request is long, and the output that it allows."""
    try:
        limits = _limits.decode(body)
        allowed = limits.max_completion_tokens or limits.max_tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        allowed = None
    output = allowed if allowed is not None and allowed > 0 else USUAL_OUTPUT_TOKENS
    return Usage(input_tokens=len(body) // BYTES_PER_TOKEN, output_tokens=output)
