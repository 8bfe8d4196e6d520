"""Which conversation a request belongs to, as far as the client says so: for sticky sessions.

    session          a header that names it (SESSION_HEADERS), else the body's prompt_cache_key, session_id, metadata.session_id,
                     metadata.user_id or user, in this order
    first_messages   what it begins with: everything up to the first message of the user

The name is hashed at once, with the key of the client: nobody can find, or steer, the session of somebody else, and no text
of a prompt is kept.
"""

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

SESSION_HEADERS = (
    *(b"x-plexus-session", b"x-session-id", b"x-session-affinity", b"session_id", b"session-id"),
    *(b"x-conversation-id", b"conversation_id", b"x-litellm-session-id"),
)
"""Ours first; then what clients and other gateways send."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


NOTHING = msgspec.Raw(b"")


class _Metadata(msgspec.Struct, gc=False):
    session_id: msgspec.Raw = NOTHING
    user_id: msgspec.Raw = NOTHING


class _Named(msgspec.Struct, gc=False):
    """Where a body may name its session. Looked at one by one: a member of another type must not hide those after it."""

    prompt_cache_key: msgspec.Raw = NOTHING
    session_id: msgspec.Raw = NOTHING
    metadata: msgspec.Raw = NOTHING
    user: msgspec.Raw = NOTHING


class _Message(msgspec.Struct, gc=False):
    role: str = ""
    content: msgspec.Raw = NOTHING


class _Conversation(msgspec.Struct, gc=False):
    messages: list[_Message]


_named = msgspec.json.Decoder(_Named)
_metadata = msgspec.json.Decoder(_Metadata)
_text = msgspec.json.Decoder(str)
_conversation = msgspec.json.Decoder(_Conversation)


def session_of(headers: Iterable[tuple[bytes, bytes]], body: bytes, *, source: str, key_id: int | None) -> bytes | None:
    """16 bytes that stand for the session, or None where the client names none. `source`: `session` or `first_messages`.

    `headers` with lower-case names. Never raises: a body of another shape simply names no session.
    """
    name = _opening(body) if source == "first_messages" else _in_headers(headers) or _in_body(body)
    if not name:
        return None
    return blake2b(name, digest_size=16, key=b"%d" % (key_id or 0)).digest()


def _in_headers(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    named = {name: value for name, value in headers if name in SESSION_HEADERS}
    return next((named[name] for name in SESSION_HEADERS if named.get(name)), b"")


def _in_body(body: bytes) -> bytes:
    try:
        named = _named.decode(body)
    except UNREADABLE:
        return b""
    try:
        metadata = _metadata.decode(named.metadata)
    except UNREADABLE:
        metadata = _Metadata()
    places = (named.prompt_cache_key, named.session_id, metadata.session_id, metadata.user_id, named.user)
    return next((name for place in places if (name := _text_of(place))), b"")


def _text_of(member: msgspec.Raw) -> bytes:
    """Empty where it is no text."""
    try:
        return _text.decode(member).encode("utf-8", "surrogatepass")
    except UNREADABLE:
        return b""


def _opening(body: bytes) -> bytes:
    """The first messages, the user's first included. Empty where the user says nothing."""
    try:
        messages = _conversation.decode(body).messages
    except UNREADABLE:
        return b""
    until = next((place for place, message in enumerate(messages) if message.role == "user"), None)
    if until is None:
        return b""
    return b"\0".join(message.role.encode() + b"\0" + bytes(message.content) for message in messages[: until + 1])
