"""When a fallback may be asked."""

import pytest

from routing.conditions import LABELS, holds
from routing.models import Target
from routing.store import compile_table
from routing.table import Waits
from tests.routing.rows import a_model, a_target, an_alias, refusals, target_of


@pytest.mark.parametrize(
    ("wanted", "failed", "held"),
    [
        ([], [], True),
        ([], ["timeout"], True),
        (["timeout"], [], False),
        (["timeout"], ["timeout"], True),
        (["timeout"], ["rate_limited"], False),
        (["timeout", "quota_exceeded"], ["quota_exceeded"], True),
        (["any"], [], False),
        (["any"], ["rejected"], True),
        (["server_error"], ["overloaded"], True),
        (["server_error"], ["empty"], True),
        (["server_error"], ["connection"], False),
        (["primary_and_first_fallback_failed"], ["timeout"], False),
        (["primary_and_first_fallback_failed"], ["timeout", "server_error"], True),
        (["timeout"], ["server_error", "timeout"], True),
    ],
)
def test_a_condition_holds_once_it_was_met(wanted: list[str], failed: list[str], held: bool) -> None:
    assert holds(wanted, failed) is held


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", [["sunshine"], "timeout", [5], ["timeout", "timeout"], {"timeout": True}])
def test_what_is_no_condition_is_refused(wanted: object) -> None:
    target = target_of(an_alias("fast"), a_model(), conditions=wanted)

    assert refusals(target) == {"conditions": ["invalid_condition"]}


@pytest.mark.django_db
def test_an_alias_needs_somebody_who_is_asked_first() -> None:
    only = target_of(an_alias("fast"), a_model(), conditions=["timeout"])

    assert refusals(only) == {"conditions": ["only_fallbacks"]}


@pytest.mark.django_db
@pytest.mark.parametrize("condition", LABELS)
def test_a_fallback_beside_a_first_one_is_taken(condition: str) -> None:
    fast = an_alias("fast")
    a_target(fast, a_model())

    assert refusals(target_of(fast, a_model("openai/other"), conditions=[condition])) == {}


@pytest.mark.django_db
def test_an_alias_among_the_targets_has_no_time_limits_of_its_own() -> None:
    target = target_of(an_alias("fast"), an_alias("other"), idle_timeout_seconds=5)

    assert refusals(target) == {"idle_timeout_seconds": ["ambiguous"]}


@pytest.mark.django_db
def test_the_table_knows_the_conditions_and_time_limits_of_a_target() -> None:
    fast = an_alias("fast")
    a_target(fast, a_model())
    a_target(fast, a_model("openai/other"), conditions=["timeout"], idle_timeout_seconds=5)

    (tier,) = compile_table(1).routes["fast"].tiers

    assert [candidate.conditions for candidate in tier] == [(), ("timeout",)]
    assert [candidate.waits for candidate in tier] == [None, Waits(idle_seconds=5)]


@pytest.mark.django_db
def test_conditions_written_past_the_forms_leave_the_target_out() -> None:
    fast = an_alias("fast")
    target = a_target(fast, a_model())
    Target.objects.filter(pk=target.pk).update(conditions=["sunshine"])

    route = compile_table(1).routes["fast"]

    assert not route.tiers
    assert [one.reason for one in route.left_out] == ["its conditions are none; save it anew"]
