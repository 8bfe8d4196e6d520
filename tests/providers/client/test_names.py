"""Which addresses are called."""

import asyncio
import socket
import time

import pytest

from providers import errors
from providers.addresses import AllowedNetworks
from providers.client import UpstreamTransport
from providers.timeouts import Timeouts
from tests.faulty_upstream import FaultyUpstream
from tests.providers.client.calls import Names, a_request, ask


async def test_a_literal_address_is_checked(upstream: FaultyUpstream) -> None:
    transport = UpstreamTransport(allowed=AllowedNetworks.parse(f"127.0.0.0/8:{upstream.port + 1}"))
    for host in ("127.0.0.1", "127.1", "[::ffff:127.0.0.1]"):
        with pytest.raises(errors.AddressRefused, match="PLEXUS_PRIVATE_UPSTREAMS"):
            await ask(transport, a_request(f"http://{host}:{upstream.port}/v1", "m"))

    assert upstream.connections_made == 0
    await transport.aclose()


async def test_a_name_that_leads_to_a_private_address_is_refused(upstream: FaultyUpstream) -> None:
    for addresses in (["127.0.0.1"], ["10.0.0.1", "::1"], ["169.254.169.254"]):
        transport = UpstreamTransport(allowed=AllowedNetworks(), resolver=Names(api_example_com=addresses))
        with pytest.raises(errors.AddressRefused):
            await ask(transport, a_request(f"https://api.example.com:{upstream.port}/v1", "m"))
        await transport.aclose()

    assert upstream.connections_made == 0


async def test_only_the_fit_addresses_of_a_name_are_called(upstream: FaultyUpstream) -> None:
    with FaultyUpstream(host="127.0.0.2", port=upstream.port) as other:
        allowed = AllowedNetworks.parse("127.0.0.2/32")
        transport = UpstreamTransport(allowed=allowed, resolver=Names(ollama=["127.0.0.1", "127.0.0.2"]))

        await ask(transport, a_request(f"http://ollama:{upstream.port}/v1/chat/completions", "m"))

        assert (upstream.connections_made, other.connections_made) == (0, 1)
        assert other.last.header("host") == f"ollama:{upstream.port}"
        await transport.aclose()


async def test_plain_http_does_not_cross_the_public_network(
    upstream: FaultyUpstream, transport: UpstreamTransport
) -> None:
    # No test may call a public address; to this rule, one that is not listed is the same.
    transport.allowed = AllowedNetworks()

    with pytest.raises(errors.AddressRefused, match="Plain http"):
        await ask(transport, a_request(f"http://localhost:{upstream.port}/v1", "m"))

    assert upstream.seen == []


async def test_a_name_that_takes_long_to_look_up_holds_nobody_up_and_is_given_up(
    transport: UpstreamTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "uvloop" in type(asyncio.get_running_loop()).__module__:
        pytest.skip("uvloop looks names up in threads of its own, which cannot be made slow from here")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: time.sleep(1))
    request = a_request("http://slow.invalid/v1", "m", timeouts=Timeouts(connect_seconds=0.3))
    call, turns, began = asyncio.create_task(ask(transport, request)), 0, time.monotonic()

    while not call.done():
        await asyncio.sleep(0.001)
        turns += 1

    with pytest.raises(errors.ConnectTimeout):
        await call
    assert time.monotonic() - began < 0.9
    assert turns > 20, "the loop went on meanwhile"
