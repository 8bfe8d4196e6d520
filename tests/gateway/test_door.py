"""What one connection of a client takes of memory. What it lets in is in test_serve.py."""

import asyncio

import uvicorn

from gateway.management.door import Door

SHARED_KEYS = 30
"""Objects of one class share the names of so many attributes; with one more, each has a dictionary of its own."""


class Silent(asyncio.Transport):
    """A connection on which nothing is sent."""

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


async def test_a_connection_keeps_few_enough_attributes_to_share_their_names() -> None:
    config = uvicorn.Config("tests.gateway.test_door:nobody", http=Door, log_config=None, lifespan="off", ws="none")
    config.load()
    door = Door(config=config, server_state=uvicorn.server.ServerState(), app_state={})
    door.connection_made(Silent())

    door.data_received(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello")

    assert door.url == b"/"
    assert len(vars(door)) <= SHARED_KEYS
    door.connection_lost(None)
    await door.tasks.pop()


async def nobody(scope: object, receive: object, send: object) -> None:
    """Answers nothing."""
