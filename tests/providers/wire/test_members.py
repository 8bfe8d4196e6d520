"""Where the top-level members of a JSON object stand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire.base import Malformed
from providers.wire.members import MOST_MEMBERS, spans_of

WHITESPACE = st.text(" \t\r\n", max_size=3)
TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def an_object(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, object]]]:
    """JSON with whitespace anywhere and names escaped or not, and its members in order."""
    members = draw(st.lists(st.tuples(TEXT, VALUES), max_size=5, unique_by=lambda member: member[0]))
    written = []
    for name, value in members:
        name_json = json.dumps(name, ensure_ascii=draw(st.booleans()))
        value_json = json.dumps(value, ensure_ascii=draw(st.booleans()))
        a, b, c, d = (draw(WHITESPACE) for _ in range(4))
        written.append(f"{a}{name_json}{b}:{c}{value_json}{d}")
    text = draw(WHITESPACE) + "{" + (",".join(written) or draw(WHITESPACE)) + "}" + draw(WHITESPACE)
    return text.encode(), members


@given(an_object())
def test_each_span_holds_the_value_of_its_name(written: tuple[bytes, list[tuple[str, object]]]) -> None:
    body, members = written

    spans = spans_of(body)

    assert [(name, json.loads(body[start:end])) for name, (start, end) in spans.items()] == members


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (",", ": "), (" ,", ":")])
@given(members=st.dictionaries(TEXT, VALUES, max_size=5))
def test_each_span_holds_its_value_in_every_usual_spelling(
    separators: tuple[str, str], members: dict[str, object]
) -> None:
    body = json.dumps(members, separators=separators, ensure_ascii=False).encode()

    spans = spans_of(body)

    assert {name: json.loads(body[start:end]) for name, (start, end) in spans.items()} == members


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@given(
    members=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "\u0061", "c", "a_long_name", 'a\\": 1, \\"b']),
            st.sampled_from(["1", "12", "123", '"a":1', '", "b": 1', "{}", "[1,2]"]),
        ),
        max_size=5,
    )
)
def test_a_name_that_comes_twice_is_always_found(separators: tuple[str, str], members: list[tuple[str, str]]) -> None:
    comma, colon = separators
    body = (
        "{"
        + comma.join(f'"{name}"{colon}{value if value[0] != chr(34) else json.dumps(value)}' for name, value in members)
        + "}"
    )
    members = [(json.loads(f'"{name}"'), value) for name, value in members]
    names = [name for name, _ in members]
    if len(set(names)) == len(names):
        assert list(spans_of(body.encode())) == names
        return

    with pytest.raises(Malformed) as caught:
        spans_of(body.encode())

    assert caught.value.code == "duplicate_key"
    assert names.count(str(caught.value.param)) > 1


def test_a_name_written_with_an_escape_is_the_same_name() -> None:
    with pytest.raises(Malformed) as caught:
        spans_of(b'{"model": "a", "mod\\u0065l": "b"}')

    assert (caught.value.code, caught.value.param) == ("duplicate_key", "model")


def test_a_name_twice_inside_a_value_is_the_upstreams_business() -> None:
    assert spans_of(b'{"a":{"b":1,"b":2}}') == {"a": (5, 18)}


@pytest.mark.parametrize("number", [b"1e400", b"9" * 5_000, b"-0.0", b"1E-7"])
def test_a_number_of_any_size_passes(number: bytes) -> None:
    assert spans_of(b'{"n":' + number + b"}") == {"n": (5, 5 + len(number))}


def test_half_of_a_surrogate_pair_passes() -> None:
    body = b'{"a":"cut \\ud83d","b":"\\ude00","c":1}'

    start, end = spans_of(body)["a"]

    assert body[start:end] == b'"cut \\ud83d"'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b'{"a":NaN}', "invalid_json"),
        (b'{"a":1,}', "invalid_json"),
        (b'{"a":01}', "invalid_json"),
        (b"{'a':1}", "invalid_json"),
        (b'{"a":1} x', "invalid_json"),
        (b'{"a":"\n"}', "invalid_json"),
        (b'{"\xff":1}', "invalid_json"),
        (b'{"a":"\\ud83d}', "invalid_json"),
        (b"   [1]", "invalid_type"),
        (b"null", "invalid_type"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json_too_deep"),
        (b"{" + b",".join(b'"%d":1' % n for n in range(MOST_MEMBERS + 1)) + b"}", "invalid_value"),
    ],
)
def test_what_is_no_object_is_refused_with_its_code(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        spans_of(body)

    assert caught.value.code == code


def test_the_message_says_what_came_instead_of_an_object() -> None:
    with pytest.raises(Malformed, match="but it is an array"):
        spans_of(b" " * 200 + b"[1]")
