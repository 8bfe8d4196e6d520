"""What Django and DRF give to a request in the `__init__` that ours skip, on the versions that are installed."""

import asyncio

import pytest
from django.http import HttpRequest
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.views import APIView

from gateway.asgi import GatewayRequest, Message
from gateway.errors import NotReady
from gateway.views.base import BareRequest, GatewayView, KeyAuthentication
from gateway.views.openai import ChatCompletions

NOBODY_READS = {"GET", "POST", "COOKIES", "FILES"}


async def nothing_comes() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def a_request(**headers: str) -> GatewayRequest:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": "/v1/models", "method": "GET", "headers": pairs, "query_string": b""}
    return GatewayRequest(scope, nothing_comes)


def test_our_request_has_what_django_gives_to_one_but_for_what_nobody_reads() -> None:
    request = a_request()

    missing = {name for name in vars(HttpRequest()) if not hasattr(request, name)}

    assert missing == NOBODY_READS


def test_its_headers_are_found_as_django_finds_them() -> None:
    assert a_request(x_a="1").headers["X-A"] == "1"


def test_the_bare_request_has_all_that_drf_gives_to_one() -> None:
    drfs, ours = Request(HttpRequest()), BareRequest(a_request())

    assert vars(drfs)
    assert [name for name in vars(drfs) if name not in dir(ours)] == []
    assert {name: getattr(ours, name) for name in ("_data", "_files", "_full_data", "_content_type", "_stream")} == {
        name: getattr(drfs, name) for name in ("_data", "_files", "_full_data", "_content_type", "_stream")
    }


def test_the_bare_request_parses_no_body_and_says_so() -> None:
    asked = a_request(content_type="application/json", content_length="2")
    asked._body = b"{}"

    with pytest.raises(UnsupportedMediaType):
        BareRequest(asked).data  # noqa: B018  a property that parses


def test_authentication_runs_the_authenticators_as_drfs_property_would() -> None:
    asked = BareRequest(a_request(authorization="Bearer sk-plx-x"))

    assert [type(one) for one in asked.authenticators or ()] == [KeyAuthentication]
    with pytest.raises(NotReady):  # no gateway runs here; to be asked for its keys is proof enough
        GatewayView().initial(asked)


def test_the_views_are_drfs_and_async() -> None:
    assert issubclass(ChatCompletions, APIView)
    assert asyncio.iscoroutinefunction(ChatCompletions.as_view())
