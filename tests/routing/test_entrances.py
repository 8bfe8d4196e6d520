"""What a name means by a custom route, and by a pattern: on tables made by hand."""

import pytest

from routing.entrances import default_at, offered_at, resolve_at
from routing.table import (
    Candidate,
    DisabledModel,
    Entrance,
    Pattern,
    ProviderNames,
    Route,
    RoutingTable,
    UnknownModel,
    Upstream,
    decode,
    encode,
)

MODELS = ("openai/small", "openai/large", "groq/llama")
TABLE = RoutingTable(
    version=7,
    upstreams=tuple(Upstream(key=key, provider=key[: key.index("/")], model=key, urls={}) for key in MODELS),
    routes={"fast": Route(name="fast", id=1), "smart": Route(name="smart", id=2)},
    synonyms={"quick": "fast"},
    direct={key: place for place, key in enumerate(MODELS)},
    disabled={"openai/off": DisabledModel(model_id=9, reason="the model “openai/off” is disabled")},
    patterns=(
        Pattern(pattern="openai-large*", provider="openai", model="large*"),
        Pattern(pattern="openai-*", provider="openai", model="*"),
        Pattern(pattern="gone-*", alias="nobody"),
        Pattern(pattern="f*", alias="fast"),
    ),
    providers={
        "groq": ProviderNames(own={"fast": "llama"}, own_patterns=(("l*a", "llama"), ("*", "nothing"))),
        "any": ProviderNames(template=Upstream(key="", provider="any", model="", urls={"chat": "https://a.example"})),
        "dead": ProviderNames(objection="the provider “dead” is disabled"),
    },
    entrances={path: Entrance(path=path) for path in ("/team", "/team/a", "/team/a/b/c")},
    default="smart",
)
OPENAI = Entrance(path="/openai", provider="openai")
GROQ = Entrance(path="/groq", provider="groq")
FAST = Entrance(path="/fast", alias="fast")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("fast", "fast"),
        ("quick", "fast"),
        ("openai/large", "openai/large"),
        ("openai-small", "openai/small"),
        ("openai-large", "openai/large"),
        ("openai-off", "openai/off"),
        ("further", "fast"),
        ("any/thing/at:all", "any/thing/at:all"),
        ("direct/any/x", "any/x"),
        ("dead/x", "dead/x"),
    ],
)
def test_a_name_is_an_exact_one_then_a_patterns_then_any_model(name: str, found: str) -> None:
    assert TABLE.resolve(name).name == found


@pytest.mark.parametrize(
    "name", ["gone-x", "openai-larger", "openai-", "direct/further", "any/", "any/a b", "any/a\u2003b", "nobody/x", ""]
)
def test_where_the_longest_pattern_leads_nowhere_the_name_is_unknown(name: str) -> None:
    with pytest.raises(UnknownModel):
        TABLE.resolve(name)


def test_a_model_that_nobody_stored_is_known_by_a_key_that_nothing_stored_can_have() -> None:
    route = TABLE.resolve("any/x")

    assert route.guest is not None
    assert (route.guest.key, route.guest.model, route.guest.name) == ("any/x (any)", "x", "any/x")
    assert (route.model_id, route.is_direct) == (0, True)


@pytest.mark.parametrize(
    ("entrance", "name", "found"),
    [
        (OPENAI, "fast", "fast"),
        (OPENAI, "small", "openai/small"),
        (OPENAI, "openai/small", "openai/small"),
        (OPENAI, "off", "openai/off"),
        (OPENAI, "openai-small", "openai/small"),
        (OPENAI, "llama", None),
        (OPENAI, "groq/llama", None),
        (GROQ, "fast", "groq/llama"),
        (GROQ, "laxa", "groq/llama"),
        (GROQ, "smart", None),
        (GROQ, "groq/llama", None),
        (FAST, "fast", "fast"),
        (FAST, "quick", "fast"),
        (FAST, "further", "fast"),
        (FAST, "smart", None),
        (FAST, "openai/small", None),
        (Entrance(path="/any", provider="any"), "what/ever", "any/what/ever"),
        (Entrance(path="/dead", provider="dead"), "x", "dead/x"),
        (Entrance(path="/gone", provider="gone"), "x", None),
        (Entrance(path="/gone", alias="gone"), "fast", None),
        (Entrance(path="/all"), "quick", "fast"),
    ],
)
def test_a_route_knows_the_names_of_its_scope(entrance: Entrance, name: str, found: str | None) -> None:
    if found is None:
        with pytest.raises(UnknownModel):
            resolve_at(TABLE, entrance, name)
    else:
        assert resolve_at(TABLE, entrance, name).name == found


def test_how_a_request_came_is_kept_for_people() -> None:
    assert resolve_at(TABLE, GROQ, "laxa").came_by == "/groq, its alias l*a"
    assert resolve_at(TABLE, GROQ, "laxa").shown_name == "groq:l*a"
    assert TABLE.resolve("further").came_by == "pattern f*"
    assert TABLE.resolve("openai-small").shown_name == "openai-*"
    assert TABLE.resolve("openai/small").shown_name == ""


def test_the_default_is_the_routes_own_alias_or_that_of_all() -> None:
    assert default_at(TABLE, None) == default_at(TABLE, OPENAI) == default_at(TABLE, Entrance(path="/all")) == "smart"
    assert default_at(TABLE, FAST) == "fast"
    assert default_at(TABLE, GROQ) == ""


def test_a_list_names_each_once() -> None:
    names = {entrance.path: [name for name, _ in offered_at(TABLE, entrance)] for entrance in (OPENAI, GROQ, FAST)}

    assert names == {
        "/openai": ["small", "large", "fast", "quick", "smart"],
        "/groq": ["llama", "fast"],
        "/fast": ["fast", "quick"],
    }
    for entrance in (OPENAI, GROQ, FAST):
        assert all(resolve_at(TABLE, entrance, name).name == route.name for name, route in offered_at(TABLE, entrance))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/team", "/team"),
        ("/team/", "/team"),
        ("/team/x/y", "/team"),
        ("/team/a", "/team/a"),
        ("/team/a/b", "/team/a"),
        ("/team/a/b/c/d", "/team/a/b/c"),
        ("/team/ab", "/team"),
        ("/team" + "/x" * 5000, "/team"),
        ("/teams", None),
        ("//team", None),
        ("/Team", None),
        ("/", None),
        ("", None),
        ("*", None),
    ],
)
def test_the_longest_path_decides(path: str, found: str | None) -> None:
    entrance = TABLE.entrance_at(path)

    assert (entrance.path if entrance else None) == found


def test_all_of_it_travels() -> None:
    assert decode(encode(TABLE)) == TABLE


def test_a_candidate_of_a_guest_stands_in_no_table() -> None:
    ((candidate,),) = TABLE.resolve("any/x").tiers

    assert candidate == Candidate(id=-1, upstream=0)
