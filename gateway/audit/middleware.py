"""While a page is made, what happens is the doing of whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async

from gateway.audit.author import acting, author_of

if TYPE_CHECKING:
    from django.http import HttpRequest


class ActingMiddleware:
    """Stands behind the one that knows the user. Pages that only look name nobody: finding out costs them a query."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:  # Any: a response, or the promise of one
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:  # Any: as above
        if request.method != "POST":
            return self._get_response(request)
        if self._is_async:
            return self._answer(request)
        with acting(author_of(request)):
            return self._get_response(request)

    async def _answer(self, request: HttpRequest) -> Any:  # Any: a response
        author = await sync_to_async(author_of)(request)  # the user is read from the database
        with acting(author):
            return await self._get_response(request)
