"""What is left of a request: nothing that only the garbage collector would find."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gateway.asgi import GatewayRequest
from gateway.draft import Draft
from gateway.management.shortcut import DirectShortcut
from tests.gateways import RunningGateway, eventually

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def without_collector() -> Iterator[Callable[[], list[object]]]:
    """Nothing is collected meanwhile. Yields what tells the objects that were made for requests since, and are still here."""
    gc.collect()
    gc.disable()
    earlier = of_requests()  # other tests may hold some, in the traceback of an error that they expected
    try:
        yield lambda: [one for one in of_requests() if not any(one is other for other in earlier)]
    finally:
        gc.enable()


def of_requests() -> list[object]:
    # Their types, since a weak proxy asks what it stands for, which may be gone, for its class.
    return [one for one in gc.get_objects() if issubclass(type(one), GatewayRequest | Draft | DirectShortcut)]


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_that_has_ended_is_gone_without_the_collector(gateway: RunningGateway, stream: bool) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    with without_collector() as left:
        for _ in range(5):
            assert gateway.ask("fast", stream=stream).status_code == 200
        eventually(lambda: not left())


def test_nor_does_one_that_was_watched_leave_anything(gateway: RunningGateway) -> None:
    gateway.alias("slow", gateway.model("openai", "slow-0.2"))

    with without_collector() as left:
        assert gateway.ask("slow").status_code == 200
        eventually(lambda: not left())
