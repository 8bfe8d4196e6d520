"""The plan as the health of upstreams shapes it."""

import random
from collections import Counter

from providers.errors import UpstreamError, UpstreamRateLimited, UpstreamServerError
from providers.verdict import judge
from routing.health import HealthBook
from routing.plan import Plan
from routing.prospects import explain
from routing.table import Candidate, RoutingTable
from tests.routing.pictures import a_draw, a_plan, a_route, a_table, an_upstream, keys

A, B, C = (an_upstream(f"{name}/model") for name in "abc")
UPSTREAMS = (A, B, C)


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A health book, a clock and a table."""

    def __init__(self, table: RoutingTable) -> None:
        self.book = HealthBook(random.Random(7))
        self.clock = Clock()
        self.table = table
        self.draw = a_draw()

    def plan(self, name: str = "fast") -> Plan:
        return a_plan(self.table, name, health=self.book, clock=self.clock, draw=self.draw)

    def fail(self, key: str, failure: UpstreamError, times: int = 1) -> None:
        for _ in range(times):
            self.book.of(key).begin(self.clock.now).end(self.clock.now, judge(failure))

    def succeed(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.book.of(key).begin(self.clock.now).end(self.clock.now)


def to(place: int, weight: int = 1, *conditions: str) -> Candidate:
    return Candidate(id=100 + place, weight=weight, upstream=place, conditions=conditions)


BROKEN = UpstreamServerError("It failed.", upstream_status=500)
LIMITED = UpstreamRateLimited("Wait.", upstream_status=429, retry_after_seconds=20)


def test_whoever_is_out_is_left_out_with_its_reason_and_the_time_left() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1)])))
    scene.fail("a/model", LIMITED)
    plan = scene.plan()

    assert keys(list(plan.steps())) == ["b/model"]
    (left_out,) = plan.left_out
    assert left_out.target == "a/model"
    assert left_out.reason.startswith("rate limited, 2")
    assert plan.failed == ["rate_limited"]


def test_whoever_went_out_since_the_order_was_drawn_is_passed_over() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1), to(2)])))
    plan = scene.plan()
    steps = plan.steps()
    first = next(steps)
    plan.fell(first, "server_error", others_may=True, named_may=True)
    scene.fail("b/model", LIMITED)

    assert next(steps).upstream.key == "c/model"


def test_exactly_one_request_is_the_probe_and_it_goes_first() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1)])))
    scene.fail("b/model", BROKEN, times=3)
    scene.clock.now += 7

    first = next(scene.plan().steps())
    scene.book.of("b/model").begin(scene.clock.now)
    second = next(scene.plan().steps())

    assert (first.upstream.key, first.may_probe) == ("b/model", True)
    assert second.upstream.key == "a/model"


def test_a_request_that_has_failed_once_is_no_probe_while_others_are_well() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0)], [to(1), to(2)])))
    scene.fail("b/model", BROKEN, times=3)
    scene.clock.now += 7
    plan = scene.plan()
    steps = plan.steps()
    plan.fell(next(steps), "server_error", others_may=True, named_may=True)

    assert keys(list(steps)) == ["c/model", "b/model"]


def test_the_last_one_is_asked_all_the_same_when_it_does_badly() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1)])))
    scene.fail("a/model", BROKEN, times=3)
    scene.succeed("b/model")
    scene.fail("b/model", BROKEN, times=3)

    plan = scene.plan()

    assert len(list(plan.steps())) == 1
    assert len(plan.left_out) == 1


def test_everybody_resting_leaves_nobody() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1)])))
    for key in ("a/model", "b/model"):
        scene.fail(key, LIMITED)
    plan = scene.plan()

    assert list(plan.steps()) == []
    assert set(plan.outs) == {"a/model", "b/model"}


def test_a_lone_upstream_is_not_left_alone_for_three_failures() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0)])))
    scene.fail("a/model", BROKEN, times=3)

    assert keys(list(scene.plan().steps())) == ["a/model"]


def test_who_starts_slowly_gets_a_share_of_its_weight() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0, 50), to(1, 50)], selector="random")))
    scene.fail("a/model", BROKEN, times=3)
    scene.clock.now += 7
    scene.succeed("a/model", times=2)

    told = {one.step.upstream.key: round(one.chance, 3) for one in explain(scene.plan())}

    assert told == {"a/model": round(0.1 / 1.1, 3), "b/model": round(1 / 1.1, 3)}


def test_an_alias_whose_upstreams_are_all_out_takes_no_turn() -> None:
    inner = Candidate(id=7, alias="inner", weight=1)
    outer = a_route("fast", [inner, to(0), to(1)], selector="round_robin")
    scene = Scene(a_table(UPSTREAMS, outer, a_route("inner", [to(2)])))
    scene.fail("c/model", LIMITED)

    first = Counter(next(scene.plan().steps()).upstream.key for _ in range(100))

    assert first == {"a/model": 50, "b/model": 50}


def test_the_reasons_of_those_behind_such_an_alias_are_told_where_nobody_is_left() -> None:
    table = a_table(UPSTREAMS, a_route("fast", [Candidate(id=7, alias="inner"), to(0)]), a_route("inner", [to(2)]))
    scene = Scene(table)
    scene.fail("a/model", LIMITED)
    scene.fail("c/model", LIMITED)
    plan = scene.plan()

    assert list(plan.steps()) == []
    assert {one.target for one in plan.left_out} == {"a/model", "c/model"}


def test_a_fallback_that_is_out_sets_off_no_other_fallback() -> None:
    fallbacks = [to(1, 1, "any"), to(2, 1, "rate_limited")]
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), *fallbacks], selector="random")))
    scene.fail("b/model", LIMITED)
    plan = scene.plan()

    assert keys(list(plan.steps())) == ["a/model"]


def test_a_fallback_skipped_before_is_looked_at_again_after_its_failure() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1, 1, "timeout"), to(2)])))
    plan, tried = scene.plan(), []
    for step, condition in zip(plan.steps(), ("server_error", "timeout", "timeout"), strict=False):
        tried.append(step.upstream.key)
        plan.fell(step, condition, others_may=True, named_may=True)

    assert tried == ["a/model", "c/model", "b/model"]


def test_after_a_failure_for_named_ones_only_nobody_else_is_asked() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1), to(2, 1, "content_filter")])))
    plan = scene.plan()
    steps = plan.steps()
    plan.fell(next(steps), "content_filter", others_may=False, named_may=True)

    assert keys(list(steps)) == ["c/model"]


def test_an_alias_that_names_the_condition_may_ask_whoever_stands_behind_it() -> None:
    behind = Candidate(id=7, alias="inner", conditions=("content_filter",))
    table = a_table(UPSTREAMS, a_route("fast", [to(0), behind]), a_route("inner", [to(1)]))
    plan = Scene(table).plan()
    steps = plan.steps()
    plan.fell(next(steps), "content_filter", others_may=False, named_may=True)

    assert keys(list(steps)) == ["b/model"]


def test_a_session_asks_in_its_own_order_and_first_where_it_was() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1), to(2)], selector="random")))

    def order(session: bytes, remembered: str = "") -> list[str]:
        plan = scene.plan()
        plan.session, plan.remembered = session, remembered
        return keys(list(plan.steps()))

    mine = order(b"mine")

    assert all(order(b"mine") == mine for _ in range(5))
    assert order(b"mine", remembered=mine[2]) == [mine[2], *mine[:2]]


def test_a_selector_that_measures_is_told_of_vitals() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1)], selector="least_connections")))
    scene.book.of("a/model").begin(scene.clock.now)

    assert {next(scene.plan().steps()).upstream.key for _ in range(10)} == {"b/model"}


# Somebody beside those who have the request


def test_the_next_one_is_asked_beside_the_first_and_not_again_after_it() -> None:
    plan = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1), to(2)]))).plan()
    steps = plan.steps()
    next(steps)

    beside = plan.beside("late")

    assert beside is not None
    assert (beside.upstream.key, beside.target_id, beside.why) == ("b/model", 101, "late")
    assert keys(list(steps)) == ["c/model"]


def test_whoever_is_not_well_is_not_asked_beside() -> None:
    scene = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1)], [to(2)])))
    scene.fail("b/model", LIMITED)
    plan = scene.plan()
    next(plan.steps())
    scene.book.of("c/model").cap = 0
    scene.book.of("c/model").alarm()

    assert plan.beside("late") is None
    assert [one.target for one in plan.left_out] == ["b/model"], "and nobody is left out twice"


def test_a_fallback_is_not_asked_beside_and_is_still_there_after_a_failure() -> None:
    plan = Scene(a_table(UPSTREAMS, a_route("fast", [to(0), to(1, 1, "server_error")]))).plan()
    steps = plan.steps()
    first = next(steps)

    beside = plan.beside("late")
    plan.fell(first, "server_error", others_may=True, named_may=True)

    assert beside is None
    assert keys(list(steps)) == ["b/model"]


def test_whoever_stands_in_a_later_tier_may_be_asked_beside() -> None:
    plan = Scene(a_table(UPSTREAMS, a_route("fast", [to(0)], [to(1)]))).plan()
    next(plan.steps())

    beside = plan.beside("late")

    assert beside is not None
    assert beside.upstream.key == "b/model"
