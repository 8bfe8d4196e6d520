"""Resolving a name, and the table as JSON."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.table import (
    Candidate,
    DisabledModel,
    LeftOut,
    Route,
    RoutingTable,
    UnknownModel,
    Upstream,
    address_key,
    decode,
    encode,
)

FAST = Route(name="fast", id=1)
SMART = Route(name="smart", id=2)
HIDDEN = Route(name="hidden", id=3, listed=False)


def an_upstream(key: str) -> Upstream:
    provider, _, model = key.partition("/")
    return Upstream(key=key, provider=provider, model=model, urls={})


MODELS = ("openai/gpt-4o", "router/meta-llama/llama-3.3-70b:free", "fast/model")
TABLE = RoutingTable(
    version=7,
    upstreams=tuple(an_upstream(key) for key in MODELS),
    routes={"fast": FAST, "smart": SMART, "hidden": HIDDEN},
    synonyms={"cheap": "fast", "quick": "fast", "unseen": "hidden"},
    direct={key: place for place, key in enumerate(MODELS)},
    disabled={"openai/old": DisabledModel(model_id=9, reason="the model “openai/old” is disabled")},
)


def test_an_alias_is_found_by_its_name() -> None:
    assert TABLE.resolve("fast") is FAST


def test_a_synonym_leads_to_its_alias() -> None:
    assert TABLE.resolve("quick") is FAST


def test_an_alias_goes_before_everything_else_of_its_name() -> None:
    clash = RoutingTable(
        upstreams=(an_upstream("x"),), routes={"x": FAST, "y": SMART}, synonyms={"x": "y"}, direct={"x": 0}
    )

    assert clash.resolve("x") is FAST


def test_a_synonym_goes_before_a_model() -> None:
    clash = RoutingTable(upstreams=(an_upstream("x"),), routes={"y": SMART}, synonyms={"x": "y"}, direct={"x": 0})

    assert clash.resolve("x") is SMART


@pytest.mark.parametrize("key", MODELS)
@pytest.mark.parametrize("prefix", ["", "direct/"])
def test_a_model_is_asked_for_directly_with_slashes_and_colons_in_its_name(prefix: str, key: str) -> None:
    route = TABLE.resolve(prefix + key)

    assert route.is_direct
    assert route.name == key
    assert [[TABLE.upstreams[candidate.upstream].key for candidate in tier] for tier in route.tiers] == [[key]]


def test_an_alias_is_not_direct() -> None:
    assert not TABLE.resolve("fast").is_direct


@pytest.mark.parametrize("prefix", ["", "direct/"])
def test_a_disabled_model_is_known_and_says_why_nobody_takes_the_request(prefix: str) -> None:
    route = TABLE.resolve(prefix + "openai/old")

    assert route.is_direct
    assert route.tiers == ()
    assert route.left_out == (LeftOut(target="openai/old", reason="the model “openai/old” is disabled"),)


@pytest.mark.parametrize(
    "name",
    [
        *("slow", "", "Fast", "FAST", "Quick", " fast", "fast ", "OpenAI/gpt-4o", "openai/GPT-4o", "openai", "gpt-4o"),
        *("openai/", "/gpt-4o", "direct/fast", "direct/quick", "direct/", "direct", "direct/direct/openai/gpt-4o"),
    ],
)
def test_any_other_name_is_unknown_and_names_are_case_sensitive(name: str) -> None:
    with pytest.raises(UnknownModel) as unknown:
        TABLE.resolve(name)

    assert unknown.value.name == name


def test_names_are_the_listed_aliases_each_with_its_synonyms_after_it() -> None:
    assert list(TABLE.names()) == [("fast", FAST), ("cheap", FAST), ("quick", FAST), ("smart", SMART)]


def test_what_is_not_listed_is_still_found() -> None:
    assert TABLE.resolve("unseen") is HIDDEN


def test_a_model_at_an_address_of_its_own_has_a_key_of_its_own() -> None:
    assert address_key("openai", "gpt-4o", "") == "openai/gpt-4o"
    assert address_key("openai", "gpt-4o", "https://a.example.com") != "openai/gpt-4o"


def test_no_name_of_a_model_looks_like_another_model_at_an_address_of_its_own() -> None:
    url = "https://a.example.com"

    assert address_key("openai", f"gpt-4o@{url}", "") != address_key("openai", "gpt-4o", url)


# JSON

TEXT = st.text(max_size=20)
NUMBER = st.none() | st.floats(0.1, 1e6)
UPSTREAMS = st.builds(
    Upstream,
    key=TEXT,
    provider=TEXT,
    model=TEXT,
    urls=st.dictionaries(TEXT, TEXT, max_size=3),
    credential=TEXT,
    headers=st.dictionaries(TEXT, TEXT, max_size=2),
    asks_stream_usage=st.booleans(),
    idle_timeout_seconds=NUMBER,
    context_length=st.none() | st.integers(1, 2**31),
    input_usd_per_mtok=st.none() | TEXT,
)
CANDIDATES = st.builds(Candidate, id=st.integers(1, 2**53), weight=st.integers(1), upstream=st.integers(-1), alias=TEXT)
ROUTES = st.builds(
    Route,
    name=TEXT,
    id=st.integers(0, 2**53),
    description=TEXT,
    listed=st.booleans(),
    selector=TEXT,
    answers_as_requested=st.booleans(),
    created=st.integers(0, 2**40),
    tiers=st.lists(st.lists(CANDIDATES, max_size=3).map(tuple), max_size=3).map(tuple),
    left_out=st.lists(st.builds(LeftOut, target=TEXT, reason=TEXT), max_size=2).map(tuple),
)
TABLES = st.builds(
    RoutingTable,
    version=st.integers(-1, 2**53),
    upstreams=st.lists(UPSTREAMS, max_size=3).map(tuple),
    routes=st.dictionaries(TEXT, ROUTES, max_size=3),
    synonyms=st.dictionaries(TEXT, TEXT, max_size=3),
    direct=st.dictionaries(TEXT, st.integers(0, 100), max_size=3),
    disabled=st.dictionaries(TEXT, st.builds(DisabledModel, model_id=st.integers(0, 2**31), reason=TEXT), max_size=3),
)


@given(table=TABLES)
def test_a_table_comes_back_from_json_as_it_was_and_in_its_order(table: RoutingTable) -> None:
    back = decode(encode(table))

    assert back == table
    assert list(back.routes) == list(table.routes)


def test_a_long_table_comes_back_from_many_short_pieces() -> None:
    upstreams = tuple(an_upstream(f"openai/{number}") for number in range(1_200))
    routes = [Route(name=f"alias-{number}", tiers=((Candidate(id=number, upstream=number),),)) for number in range(350)]
    table = RoutingTable(
        version=8,
        upstreams=upstreams,
        routes={route.name: route for route in routes},
        direct={upstream.key: place for place, upstream in enumerate(upstreams)},
    )

    pieces = list(encode(table))

    assert len(pieces) == 1 + 3 + 4 + 3
    assert decode(pieces) == table


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"version": "seven"}', b'{"routes": {"fast": {}}}', b"\xff"])
def test_json_of_another_shape_is_refused(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode([text])
