"""What names a session, and that nobody else can."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sessions import SESSION_HEADERS, session_of


def named(
    body: Any = None, *headers: tuple[bytes, bytes], source: str = "session", key_id: int | None = 1
) -> bytes | None:
    return session_of(headers, json.dumps(body or {}).encode(), source=source, key_id=key_id)


def talk(*said: tuple[str, str]) -> dict[str, Any]:
    return {"model": "fast", "messages": [{"role": role, "content": content} for role, content in said]}


@pytest.mark.parametrize("header", SESSION_HEADERS)
def test_a_header_names_the_session(header: bytes) -> None:
    assert named({}, (header, b"abc")) == named({}, (b"x-plexus-session", b"abc"))


@pytest.mark.parametrize(
    "body",
    [
        {"prompt_cache_key": "abc"},
        {"session_id": "abc"},
        {"metadata": {"session_id": "abc"}},
        {"metadata": {"user_id": "abc"}},
        {"user": "abc"},
        {"prompt_cache_key": "abc", "user": "somebody"},
        {"prompt_cache_key": 5, "session_id": ["x"], "metadata": "none", "user": "abc"},
        {"prompt_cache_key": "", "session_id": None, "metadata": {"session_id": {}, "user_id": "abc"}, "user": 7},
        {"user": 7, "prompt_cache_key": "abc"},
    ],
)
def test_the_body_names_it_where_no_header_does(body: dict[str, Any]) -> None:
    assert named(body) == named({}, (b"x-plexus-session", b"abc"))


def test_a_header_goes_before_the_body_and_ours_before_others() -> None:
    headers = [(b"x-session-id", b"theirs"), (b"x-plexus-session", b"ours")]

    assert named({"user": "u"}, *headers) == named({}, (b"x-plexus-session", b"ours"))


def test_another_clients_key_makes_another_session() -> None:
    assert named({"user": "u"}, key_id=1) != named({"user": "u"}, key_id=2)


def test_the_first_messages_name_a_conversation_as_it_grows() -> None:
    opening = [("system", "Be brief."), ("user", "Hello")]

    grown = named(talk(*opening, ("assistant", "Hi"), ("user", "More")), source="first_messages")

    assert grown == named(talk(*opening), source="first_messages") is not None
    assert grown != named(talk(("system", "Be long."), ("user", "Hello")), source="first_messages")


@pytest.mark.parametrize("body", [{}, {"messages": []}, {"messages": 5}, talk(("system", "Be brief."))])
def test_without_a_word_of_the_user_there_is_no_conversation(body: dict[str, Any]) -> None:
    assert named(body, source="first_messages") is None


@given(body=st.binary(max_size=200), source=st.sampled_from(["session", "first_messages"]))
def test_no_body_makes_it_raise(body: bytes, source: str) -> None:
    session = session_of([], body, source=source, key_id=None)

    assert session is None or len(session) == 16


@pytest.mark.parametrize("source", ["session", "first_messages"])
def test_a_body_that_is_nested_too_deeply_names_no_session(source: str) -> None:
    body = b'{"messages":%b}' % (b"[" * 100_000 + b"]" * 100_000)

    assert session_of([], body, source=source, key_id=1) is None
