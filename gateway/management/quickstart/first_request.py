"""One request through the gateway, as any client would send it or from within, and what came back."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gateway import trial
from gateway.management.quickstart import demo_provider
from routing.models import Alias

FAVOURITE = "fast"
QUESTION = "Say hello to somebody who has just started Plexus."
TIMEOUT_SECONDS = 30.0


class FirstRequestFailed(Exception):
    """No answer. The message says what came instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    text: str
    provider: str
    model: str
    alias: str
    attempts: str
    request_id: str
    latency_ms: float


def alias_to_ask() -> str | None:
    """An enabled alias that leads to nothing but the demo's chat models: it costs nobody anything. None without one."""
    found = Alias.objects.filter(enabled=True).prefetch_related("targets__model__provider", "targets__to_alias")
    names = [alias.name for alias in found if _leads_to_demo_chat_only(alias)]
    return FAVOURITE if FAVOURITE in names else next(iter(names), None)


def _leads_to_demo_chat_only(alias: Alias) -> bool:
    models = [target.model for target in alias.targets.all() if target.enabled]
    return bool(models) and all(
        model is not None
        and model.enabled
        and model.provider.enabled
        and model.provider.name == demo_provider.NAME
        and (not model.api_types or "chat" in model.api_types)
        for model in models
    )


def ask(url: str, key: str, model: str) -> FirstAnswer:
    """Send QUESTION to `model`. Raises FirstRequestFailed."""
    started = time.monotonic()
    try:
        status, headers, body = _post(url, key, {"model": model, "messages": [{"role": "user", "content": QUESTION}]})
    except (OSError, http.client.HTTPException) as exc:
        raise FirstRequestFailed(f"The gateway did not answer: {exc}.") from exc
    if status != 200:
        raise FirstRequestFailed(f"The gateway answered {status}: {_message_of(body)}")
    try:
        text = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as exc:
        raise FirstRequestFailed(f"The answer is not a chat completion: {body[:200]!r}") from exc
    return FirstAnswer(
        text=text,
        provider=headers.get("x-plexus-provider", "?"),
        model=headers.get("x-plexus-model", "?"),
        alias=headers.get("x-plexus-alias", "?"),
        attempts=headers.get("x-plexus-attempts", "?"),
        request_id=headers.get("x-request-id", "?"),
        latency_ms=(time.monotonic() - started) * 1000,
    )


def ask_without_key(model: str) -> FirstAnswer:
    """Send QUESTION from within this process, as “Test route” does: that takes no key. Raises FirstRequestFailed."""
    try:
        tried = trial.send(model, QUESTION, "quickstart", door="command")
    except (trial.NoGateway, trial.NoAnswer) as exc:
        raise FirstRequestFailed(str(exc)) from exc
    if tried.error:
        raise FirstRequestFailed(f"The gateway answered {tried.status}: {tried.error}")
    return FirstAnswer(
        text=tried.text,
        provider=tried.provider,
        model=tried.model,
        alias=model,
        attempts=str(len(tried.attempts)),
        request_id=tried.request_id,
        latency_ms=tried.latency_ms,
    )


def _post(url: str, key: str, body: dict[str, Any]) -> tuple[int, http.client.HTTPMessage, bytes]:  # Any: JSON
    # http.client knows nothing of proxies, and this request must not leave the machine.
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def _message_of(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return repr(body[:200])
