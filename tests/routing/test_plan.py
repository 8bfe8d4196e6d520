"""The plan: who is tried, in what order, who is left out and why, and what a page says of it."""

from collections import Counter

import pytest

from routing.plan import AbleTier, spoken_instead
from routing.prospects import explain
from routing.table import Candidate, LeftOut, RoutingTable, Upstream
from tests.routing.pictures import a_draw, a_plan, a_route, a_table, an_upstream, keys
from tests.routing.selection.chance import DRAWS, is_by_chance

A, B, C, D = (an_upstream(f"{name}/model") for name in "abcd")
UPSTREAMS = (A, B, C, D)


def to(place: int, weight: int = 1) -> Candidate:
    """A target that is one of the upstreams above."""
    return Candidate(id=100 + place, weight=weight, upstream=place)


def via(alias: str, weight: int = 1) -> Candidate:
    """A target that is another alias."""
    return Candidate(id=sum(alias.encode()), weight=weight, alias=alias)


def first_of(table: RoutingTable, name: str, draws: int = DRAWS) -> "Counter[str]":
    """Who comes first, how often, in plans that share one draw as those of a process do."""
    draw = a_draw()
    return Counter(next(a_plan(table, name, draw=draw).steps()).upstream.key for _ in range(draws))


# The order


def test_tiers_are_tried_one_after_the_other() -> None:
    table = a_table(UPSTREAMS, a_route("fast", [to(2)], [to(0), to(1)], [to(3)]))

    assert keys(list(a_plan(table, "fast").steps())) == ["c/model", "a/model", "b/model", "d/model"]


@pytest.mark.parametrize("selector", ["random", "round_robin"])
def test_no_draw_takes_a_later_tier_before_an_earlier_one(selector: str) -> None:
    table = a_table(UPSTREAMS, a_route("fast", [to(0), to(1)], [to(2, 1000), to(3, 1000)], selector=selector))
    draw = a_draw()

    for _ in range(200):
        order = keys(list(a_plan(table, "fast", draw=draw).steps()))
        assert set(order[:2]) == {"a/model", "b/model"}


def test_no_upstream_is_tried_twice() -> None:
    inner = a_route("inner", [to(1), to(0)])
    table = a_table(UPSTREAMS, a_route("fast", [to(0), via("inner")], [to(1), to(2)]), inner)

    assert keys(list(a_plan(table, "fast").steps())) == ["a/model", "b/model", "c/model"]


def test_each_step_says_whose_target_it_is() -> None:
    table = a_table(UPSTREAMS, a_route("fast", [to(0), via("inner")]), a_route("inner", [to(1)]))

    steps = list(a_plan(table, "fast").steps())

    assert [(step.via, step.target_id) for step in steps] == [("fast", 100), ("inner", 101)]


def test_a_model_asked_for_directly_is_one_step_of_no_target() -> None:
    (step,) = a_plan(a_table(UPSTREAMS), "direct/b/model").steps()

    assert (step.upstream.key, step.via, step.target_id) == ("b/model", "b/model", None)


# Aliases among the targets


def test_an_alias_among_the_targets_keeps_its_own_selector() -> None:
    inner = a_route("inner", [to(1), to(2)], selector="round_robin")
    table = a_table(UPSTREAMS, a_route("fast", [via("inner"), to(0)], selector="in_order"), inner)
    draw = a_draw()

    orders = [keys(list(a_plan(table, "fast", draw=draw).steps())) for _ in range(2)]

    assert orders == [["b/model", "c/model", "a/model"], ["c/model", "b/model", "a/model"]]


def test_an_alias_among_the_targets_makes_no_choice_before_its_turn() -> None:
    inner = a_route("inner", [to(1), to(2)], selector="round_robin")
    table = a_table(UPSTREAMS, a_route("fast", [to(0), via("inner")]), inner)
    draw = a_draw()

    for _ in range(3):
        next(a_plan(table, "fast", draw=draw).steps())

    assert draw.credit == {}
    assert first_of(table, "inner", draws=1) == {"b/model": 1}


def test_an_alias_may_fall_through_to_its_second_tier_before_the_next_target() -> None:
    inner = a_route("inner", [to(1)], [to(2)])
    table = a_table(UPSTREAMS, a_route("fast", [via("inner"), to(3)]), inner)

    assert keys(list(a_plan(table, "fast").steps())) == ["b/model", "c/model", "d/model"]


def test_an_alias_with_nobody_behind_it_takes_no_turn() -> None:
    empty = a_route("empty", left_out=(LeftOut(target="x/y", reason="the target is disabled"),))
    outer = a_route("fast", [via("empty", 5), to(0), to(1)], selector="round_robin")
    table = a_table(UPSTREAMS, outer, empty)

    assert first_of(table, "fast", draws=100) == {"a/model": 50, "b/model": 50}


def test_twenty_storeys_of_two_ways_each_are_walked_once() -> None:
    storeys = [
        a_route(f"s{number}", [via(f"s{number + 1}"), Candidate(id=1000 + number, alias=f"s{number + 1}")])
        for number in range(20)
    ]
    table = a_table(UPSTREAMS, *storeys, a_route("s20", [to(0)], left_out=(LeftOut(target="x/y", reason="off"),)))
    plan = a_plan(table, "s0")

    prospects = explain(plan)

    assert [(prospect.step.upstream.key, prospect.chance) for prospect in prospects] == [("a/model", 1.0)]
    assert plan.left_out == [LeftOut(target="x/y", reason="off")]


def test_a_circle_that_got_past_every_rule_ends_all_the_same() -> None:
    table = a_table(UPSTREAMS, a_route("one", [via("two"), to(0)]), a_route("two", [via("one"), to(1)]))

    assert keys([prospect.step for prospect in explain(a_plan(table, "one"))]) == ["b/model", "a/model"]
    assert explain(a_plan(a_table((), a_route("alone", [via("alone")])), "alone")) == []


# Those left out


def test_whoever_cannot_take_the_request_is_left_out_with_the_reason() -> None:
    embeds = an_upstream("e/model", "embeddings")
    disabled = LeftOut(target="f/model", reason="the target is disabled")
    table = a_table([A, embeds, B], a_route("fast", [to(0), to(1), to(2)], left_out=(disabled,)))
    plan = a_plan(table, "fast", unpayable=lambda upstream: "B_KEY is not set" if upstream is B else None)

    assert keys(list(plan.steps())) == ["a/model"]
    assert [(one.target, one.reason) for one in plan.left_out] == [
        ("f/model", "the target is disabled"),
        ("e/model", "does not speak chat, only embeddings"),
        ("b/model", "B_KEY is not set"),
    ]


def test_a_caller_is_not_told_of_addresses_and_variables() -> None:
    poor = Upstream(key="p/m at https://internal.example.com", provider="p", model="m", urls={"chat": "https://x"})
    left_out = (LeftOut(target="f/model", reason="the target is disabled"),)
    table = a_table([poor], a_route("fast", [to(0)], left_out=left_out))
    plan = a_plan(table, "fast", unpayable=lambda upstream: "P_KEY is not set")

    assert list(plan.steps()) == []
    assert [one.told for one in plan.left_out] == [
        "f/model (the target is disabled)",
        "p/m (cannot be called as it is configured)",
    ]


def test_a_tier_in_which_nobody_was_left_out_is_not_looked_through_again() -> None:
    table, looked_at, able = a_table(UPSTREAMS, a_route("fast", [to(0), to(1)])), list[str](), set[AbleTier]()

    def unpayable(upstream: Upstream) -> None:
        looked_at.append(upstream.key)

    plans = [a_plan(table, "fast", unpayable=unpayable, able_tiers=able) for _ in range(3)]
    orders = [keys(list(plan.steps())) for plan in plans]

    assert orders == [["a/model", "b/model"]] * 3
    assert looked_at == ["a/model", "b/model"]


def test_a_tier_that_leaves_somebody_out_says_so_each_time() -> None:
    table, able = a_table(UPSTREAMS, a_route("fast", [to(0), to(1)])), set[AbleTier]()

    plans = [
        a_plan(table, "fast", unpayable=lambda one: "no key" if one is A else None, able_tiers=able) for _ in range(2)
    ]
    orders = [keys(list(plan.steps())) for plan in plans]

    assert orders == [["b/model"]] * 2
    assert [[item.reason for item in plan.left_out] for plan in plans] == [["no key"]] * 2


def test_what_was_able_to_take_one_kind_of_request_is_judged_anew_for_another() -> None:
    table, able = a_table(UPSTREAMS, a_route("fast", [to(0)])), set[AbleTier]()

    chat = list(a_plan(table, "fast", able_tiers=able).steps())
    embeddings = list(a_plan(table, "fast", api_type="embeddings", able_tiers=able).steps())

    assert (keys(chat), keys(embeddings)) == (["a/model"], [])


def test_a_tier_that_nobody_of_can_take_it_hands_over_to_the_next() -> None:
    table = a_table([an_upstream("e/model", "embeddings"), B], a_route("fast", [to(0)], [to(1)]))

    assert keys(list(a_plan(table, "fast").steps())) == ["b/model"]


def test_nobody_at_all_is_an_empty_plan_with_reasons() -> None:
    silent = Upstream(key="s/model", provider="s", model="model", urls={})
    plan = a_plan(a_table([silent], a_route("fast", [to(0)])), "fast")

    assert list(plan.steps()) == []
    assert [(one.target, one.reason) for one in plan.left_out] == [
        ("s/model", "its provider has no address: add one there")
    ]


def test_those_behind_an_alias_that_leads_nowhere_are_named_too() -> None:
    inner = a_route("inner", [to(0)], left_out=(LeftOut(target="x/y", reason="the target is disabled"),))
    plan = a_plan(a_table([an_upstream("e/model", "embeddings")], a_route("fast", [via("inner")]), inner), "fast")

    assert list(plan.steps()) == []
    assert [left.target for left in plan.left_out] == ["x/y", "e/model"]


def test_what_could_be_done_instead_is_known_where_only_the_api_type_is_in_the_way() -> None:
    embeds, chats = an_upstream("e/model", "embeddings"), an_upstream("c/model", "chat", "completions")
    table = a_table([embeds, chats], a_route("fast", [to(0), to(1)]))
    plan = a_plan(table, "fast", api_type="responses")

    assert list(plan.steps()) == []
    assert spoken_instead(plan.left_out) == ["chat", "completions", "embeddings"]


def test_one_other_reason_is_enough_to_know_of_nothing_instead() -> None:
    silent = Upstream(key="s/model", provider="s", model="model", urls={})
    off = LeftOut(target="f/model", reason="the target is disabled")
    plan = a_plan(a_table([an_upstream("e/model", "embeddings"), silent], a_route("fast", [to(0)], [to(1)])), "fast")

    assert list(plan.steps()) == []
    assert spoken_instead(plan.left_out) == spoken_instead([plan.left_out[0], off]) == spoken_instead([]) == []


# What a page says


@pytest.mark.parametrize("selector", ["random", "round_robin", "in_order"])
def test_the_chances_are_what_20_000_draws_show(selector: str) -> None:
    inner = a_route("inner", [to(1, 3), to(2, 1)], selector="random")
    empty = a_route("empty")
    outer = a_route("fast", [to(0, 5), via("inner", 4), via("empty", 7), to(3, 1)], selector=selector)
    table = a_table(UPSTREAMS, outer, inner, empty)

    told = {prospect.step.upstream.key: prospect.chance for prospect in explain(a_plan(table, "fast"))}

    assert sum(told.values()) == pytest.approx(1)
    if selector == "in_order":
        assert told == {"a/model": 1.0, "b/model": 0.0, "c/model": 0.0, "d/model": 0.0}
    else:
        assert told == pytest.approx({"a/model": 0.5, "b/model": 0.3, "c/model": 0.1, "d/model": 0.1})
        assert is_by_chance(first_of(table, "fast"), told)


def test_the_chances_of_an_upstream_that_is_reached_in_two_ways_are_added() -> None:
    inner = a_route("inner", [to(0), to(1)], selector="random")
    table = a_table(UPSTREAMS, a_route("fast", [to(0), via("inner")], selector="random"), inner)

    told = {prospect.step.upstream.key: prospect.chance for prospect in explain(a_plan(table, "fast"))}

    assert told == pytest.approx({"a/model": 0.75, "b/model": 0.25})
    assert is_by_chance(first_of(table, "fast"), told)


def test_only_the_first_tier_with_anybody_in_it_has_chances() -> None:
    table = a_table(
        [an_upstream("e/model", "embeddings"), B, C], a_route("fast", [to(0)], [to(1)], [to(2)], selector="random")
    )

    assert [(prospect.step.upstream.key, prospect.chance) for prospect in explain(a_plan(table, "fast"))] == [
        ("b/model", 1.0),
        ("c/model", 0.0),
    ]


def test_who_cannot_take_the_request_gives_its_share_to_the_others() -> None:
    table = a_table([A, B, C], a_route("fast", [to(0, 50), to(1, 30), to(2, 20)], selector="random"))
    plan = a_plan(table, "fast", unpayable=lambda upstream: "no key" if upstream is A else None)

    told = {prospect.step.upstream.key: prospect.chance for prospect in explain(plan)}

    assert told == pytest.approx({"b/model": 0.6, "c/model": 0.4})
