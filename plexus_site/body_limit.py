"""A limit for the bodies that the pages take, held before Django sees them.

Django writes every body to a file on disk before it looks at the path, the cookie or anything else, and limits only
what it reads of a form later. So anybody could fill the disk, without a login.
"""

from gateway.asgi import Message, Receive, Scope, Send

TOO_LARGE = b"This request is larger than PLEXUS_MAX_REQUEST_BYTES allows.\n"


class LimitedBody:
    """What a client sends, until it is more than `limit_bytes`: from then on it has hung up, as far as anybody hears."""

    def __init__(self, receive: Receive, limit_bytes: int) -> None:
        self._receive = receive
        self._left_bytes = limit_bytes

    @property
    def is_too_large(self) -> bool:
        return self._left_bytes < 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._left_bytes -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message


def announces_more_than(limit_bytes: int, scope: Scope) -> bool:
    """Whether the request's head says that its body will be larger."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return any(length.isdigit() and int(length[:20]) > limit_bytes for length in lengths)


async def refuse(send: Send) -> None:
    """413. The connection ends with it: else we would have to read the rest of the body all the same."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(TOO_LARGE)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_LARGE})
