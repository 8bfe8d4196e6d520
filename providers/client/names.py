"""Name lookup that hands out only addresses that may be called."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from providers.addresses import AllowedNetworks, objection_to_address
from providers.errors import AddressRefused


class CheckedResolver(AbstractResolver):
    """The name service, with the address rule behind it.

    aiohttp connects to exactly the addresses that it is given here, so a name cannot turn into another address between
    the check and the connection.
    """

    def __init__(self, lookup: AbstractResolver, allowed: AllowedNetworks) -> None:
        self.lookup = lookup
        self.allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises AddressRefused if no address is left, OSError if there was none."""
        found = await self.lookup.resolve(host, port, family)
        objections = [objection_to_address(result["host"].partition("%")[0], port, self.allowed) for result in found]
        fit = [result for result, objection in zip(found, objections, strict=True) if objection is None]
        if found and not fit:
            raise AddressRefused(f"{host} is not called. {objections[0]}")
        return fit

    async def close(self) -> None:
        await self.lookup.close()
