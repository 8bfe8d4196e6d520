"""How a request was routed, in one line for the log: names, attempts, outcome. No prompts, no keys, no addresses."""

from gateway.prepared import shown
from history.records import Attempt, Exchange


def in_one_line(exchange: Exchange) -> str:
    """What was asked for → what it resolved to → who answered; all that was tried; who was left out, and why."""
    way = [shown(exchange.requested_model) or "no model", exchange.alias, _upstream(exchange.provider, exchange.model)]
    attempts = ", ".join(map(_attempt, exchange.attempts)) or "none"
    left_out = "; ".join(exchange.left_out.splitlines()) or "nobody"
    ending = f"{exchange.outcome} {exchange.status} {exchange.error_code}".rstrip()
    return (
        f"Request {exchange.id} ({exchange.api_type}): {' → '.join(filter(None, way))}; attempts: {attempts}; "
        f"left out: {left_out}; {ending} in {exchange.latency_ms:.0f} ms"
    )


def _attempt(attempt: Attempt) -> str:
    result = attempt.condition or attempt.status or attempt.outcome
    return f"{_upstream(attempt.provider, attempt.model)} {result} {attempt.latency_ms:.0f} ms"


def _upstream(provider: str, model: str) -> str:
    return shown(f"{provider}/{model}") if provider else ""
