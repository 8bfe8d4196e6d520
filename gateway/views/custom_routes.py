"""What stands at a path that is none of our own: a custom route, or nothing."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.urls import ResolverMatch, get_resolver
from django.urls.exceptions import Resolver404

from gateway.views import openai
from gateway.views.base import nothing_here
from gateway.views.ready import ReadyResponse
from routing.store import TABLE

if TYPE_CHECKING:
    from gateway.asgi import GatewayRequest

ALSO_THERE: Final = {"chat_completions", "completions", "embeddings", "models", "model"}
"""Names in gateway.urls of what stands below a custom route as it does below /v1."""
VIEWS: Final = {
    view.api_type: view.as_view() for view in (openai.ChatCompletions, openai.Completions, openai.Embeddings)
}


async def elsewhere(request: GatewayRequest) -> ReadyResponse:
    """The answer of the custom route at or above this path; 404 where there is none."""
    entrance = TABLE.current.entrance_at(request.path)
    if entrance is None:
        return await nothing_here(request)
    request.entrance = entrance
    match = _below(request.path[len(entrance.path) :], entrance.api_type)
    response: ReadyResponse = await match.func(request, *match.args, **match.kwargs)
    return response


@lru_cache(maxsize=256)
def _below(rest: str, api_type: str) -> ResolverMatch:
    """`rest`: the path below the route's own, with its slash; empty at the route itself."""
    with suppress(Resolver404):
        match = get_resolver("gateway.urls").resolve(rest or "/")
        if match.url_name in ALSO_THERE:
            return match
    return ResolverMatch(VIEWS[api_type], (), {})
