"""What may stand behind an alias, and with which weight."""

import pytest
from pytest_django import Settings

from providers.addresses import AllowedNetworks
from routing.models import MAX_WEIGHT, Alias, Target
from tests.routing.rows import a_model, a_target, an_alias, message, refusals, refusals_of, target_of

pytestmark = pytest.mark.django_db
PERCENT = Alias.WeightMode.PERCENT


def test_a_target_is_a_model_or_an_alias() -> None:
    fast, smart = an_alias("fast"), an_alias("smart")

    assert refusals(target_of(fast, a_model())) == {}
    assert refusals(target_of(fast, smart)) == {}


def test_a_target_that_points_at_nothing_is_refused() -> None:
    assert refusals(Target(alias=an_alias("fast"))) == {"model": ["required"]}


def test_a_target_that_points_at_both_is_refused() -> None:
    both = Target(alias=an_alias("fast"), model=a_model(), to_alias=an_alias("smart"))

    assert refusals(both) == {"to_alias": ["ambiguous"]}


def test_a_target_that_points_at_what_is_gone_is_refused() -> None:
    fast = an_alias("fast")

    assert refusals(Target(alias=fast, model_id=999_999)) == {"model": ["invalid"]}
    assert refusals(Target(alias=fast, to_alias_id=999_999)) == {"to_alias": ["invalid"]}


def test_a_target_of_no_alias_or_of_one_that_is_gone_is_refused_and_not_a_crash() -> None:
    assert refusals(Target(model=a_model())) == {"alias": ["null"]}
    assert refusals(Target(model_id=a_model("openai/other").pk, alias_id=999_999)) == {"alias": ["invalid"]}


@pytest.mark.parametrize(
    ("weight", "codes"),
    [(None, []), (1, []), (MAX_WEIGHT, []), (0, ["min_value"]), (-1, ["min_value", "min_value"]), (MAX_WEIGHT + 1, ["max_value"])],
)  # fmt: skip
def test_a_weight_is_positive_and_at_most_a_million(weight: int | None, codes: list[str]) -> None:
    said = refusals(target_of(an_alias("fast"), a_model(), weight=weight))

    assert set(said.get("weight", [])) == set(codes)


def test_a_weight_of_nothing_is_refused_with_the_cure() -> None:
    target = target_of(an_alias("fast"), a_model(), weight=0)

    assert "A weight is at least 1. Disable the target to give it nothing." in message(target, "weight")


def test_the_highest_tier_is_99() -> None:
    fast, model = an_alias("fast"), a_model()

    assert refusals(target_of(fast, model, tier=99)) == {}
    assert refusals(target_of(fast, model, tier=100)) == {"tier": ["max_value"]}


# Twins


def test_the_same_model_stands_behind_an_alias_once() -> None:
    model = a_model()
    fast = an_alias("fast", model)
    twin = target_of(fast, model, tier=1)

    assert refusals(twin) == {"model": ["taken"]}
    assert message(twin, "model").startswith("“openai/gpt-4o-mini” stands here twice.")


def test_the_same_alias_stands_behind_an_alias_once() -> None:
    smart = an_alias("smart")
    fast = an_alias("fast", smart)

    assert refusals(target_of(fast, smart)) == {"to_alias": ["taken"]}


def test_the_same_model_may_stand_at_several_addresses() -> None:
    model = a_model()
    fast = an_alias("fast", model)
    a_target(fast, model, endpoint="https://east.example.com/v1")

    assert refusals(target_of(fast, model, endpoint="https://west.example.com/v1")) == {}
    assert refusals(target_of(fast, model, endpoint="https://east.example.com/v1")) == {"model": ["taken"]}


def test_the_same_model_may_stand_behind_several_aliases() -> None:
    model = a_model()
    an_alias("fast", model)

    assert refusals(target_of(an_alias("smart"), model)) == {}


# An address of its own


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("ftp://a.example.com", "invalid_base_url"),
        ("https://user:secret@a.example.com/v1", "invalid_base_url"),
        ("https://10.0.0.1/v1", "private_base_url"),
        ("http://a.example.com/v1", "insecure_base_url"),
    ],
)
def test_an_address_of_its_own_obeys_the_rules_of_base_urls(endpoint: str, code: str) -> None:
    assert refusals(target_of(an_alias("fast"), a_model(), endpoint=endpoint)) == {"endpoint": [code]}


def test_an_address_of_its_own_may_be_private_where_the_setting_lists_it(settings: Settings) -> None:
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("10.0.0.0/8")

    assert refusals(target_of(an_alias("fast"), a_model(), endpoint="http://10.0.0.1:8000/v1")) == {}


def test_an_alias_has_no_address_of_its_own() -> None:
    target = target_of(an_alias("fast"), an_alias("smart"), endpoint="https://a.example.com")

    assert refusals(target) == {"endpoint": ["ambiguous"]}


# Percent


def test_under_percent_the_first_target_has_all() -> None:
    fast = an_alias("fast", weight_mode=PERCENT)

    assert refusals(target_of(fast, a_model(), weight=100)) == {}
    assert refusals(target_of(fast, a_model("openai/other"), weight=99)) == {"weight": ["weights_not_100"]}


def test_under_percent_an_enabled_target_has_a_weight() -> None:
    fast = an_alias("fast", weight_mode=PERCENT)

    assert refusals(target_of(fast, a_model())) == {"weight": ["required"]}
    assert refusals(target_of(fast, a_model("openai/other"), enabled=False)) == {}


def test_under_percent_one_weight_cannot_change_alone() -> None:
    fast = an_alias("fast", weight_mode=PERCENT)
    only = a_target(fast, a_model(), weight=100)
    only.weight = 70
    second = target_of(fast, a_model("openai/other"), weight=30)

    assert refusals(only) == {"weight": ["weights_not_100"]}
    assert refusals(second) == {"weight": ["weights_not_100"]}
    assert message(second, "weight") == (
        "The enabled weights of tier 0 sum to 130, not 100. Change them together, or set the weight mode to relative."
    )


def test_under_percent_weights_that_change_together_are_judged_together() -> None:
    fast = an_alias("fast", weight_mode=PERCENT)
    first = a_target(fast, a_model(), weight=100)
    second = target_of(fast, a_model("openai/other"), weight=30)
    first.alias, first.weight = fast, 70
    fast.targets_together = [first, second]

    assert [refusals(fast), refusals(first), refusals(second)] == [{}, {}, {}]
    assert refusals_of(lambda: fast.clean_targets(fast.targets_together or ())) == {}
    second.weight = 31
    assert refusals_of(lambda: fast.clean_targets(fast.targets_together or ())) == {"": ["weights_not_100"]}


def test_under_percent_disabled_targets_count_nothing() -> None:
    fast = an_alias("fast", weight_mode=PERCENT)
    a_target(fast, a_model(), weight=100)

    assert refusals(target_of(fast, a_model("openai/other"), weight=40, enabled=False)) == {}


def test_under_percent_a_target_cannot_be_disabled_alone() -> None:
    fast = an_alias("fast")
    a_target(fast, a_model(), weight=70)
    other = a_target(fast, a_model("openai/other"), weight=30)
    fast.weight_mode = PERCENT
    fast.save()
    other.enabled = False
    other.alias = fast

    assert refusals(other) == {"weight": ["weights_not_100"]}


def test_under_percent_each_tier_sums_to_100() -> None:
    fast = an_alias("fast", weight_mode=PERCENT)
    a_target(fast, a_model(), weight=100)

    assert refusals(target_of(fast, a_model("openai/spare"), tier=1, weight=100)) == {}
    assert "tier 1 sum to 99" in message(target_of(fast, a_model("openai/short"), tier=1, weight=99), "weight")


def test_an_alias_turns_to_percent_only_when_its_weights_are_right() -> None:
    fast = an_alias("fast", a_model(), a_model("openai/other"))
    fast.weight_mode = PERCENT

    assert refusals(fast) == {"weight_mode": ["weights_not_100"]}
    assert "tier 0 sum to 0, not 100" in message(fast, "weight_mode")


def test_an_alias_with_no_enabled_target_may_be_percent() -> None:
    fast = an_alias("fast")
    a_target(fast, a_model(), enabled=False)
    fast.weight_mode = PERCENT

    assert refusals(fast) == {}


def test_under_relative_weights_sum_to_what_they_like() -> None:
    fast = an_alias("fast")
    a_target(fast, a_model(), weight=7)

    assert refusals(target_of(fast, a_model("openai/other"), weight=1234)) == {}
    assert refusals(target_of(fast, a_model("openai/third"))) == {}
