"""The names of aliases and synonyms: which are possible, and that no two are the same."""

import pytest

from routing.models import Alias, Synonym
from routing.selection import SELECTORS
from tests.gateways import saved
from tests.routing.rows import an_alias, message, refusals

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["fast", "gpt-4o.mini_2", "7", "-", "_", "a" * 128])
def test_a_name_has_letters_digits_dots_hyphens_and_underscores(name: str) -> None:
    assert refusals(Alias(name=name)) == {}


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "a@b", "é", "a\n", " a", "\u0661", "a\x00", "💥"])
def test_any_other_character_is_refused_in_aliases_and_synonyms(name: str) -> None:
    alias = an_alias("fast")

    assert "invalid_name" in refusals(Alias(name=name))["name"]
    assert "invalid_name" in refusals(Synonym(alias=alias, name=name))["name"]


@pytest.mark.parametrize(("name", "code"), [("", "blank"), ("a" * 129, "max_length")])
def test_a_name_is_neither_empty_nor_longer_than_128(name: str, code: str) -> None:
    assert refusals(Alias(name=name)) == {"name": [code]}


def test_names_differ_by_their_case() -> None:
    an_alias("fast", synonyms=("quick",))

    assert refusals(Alias(name="Fast")) == {}
    assert refusals(Alias(name="QUICK")) == {}


def test_an_alias_may_not_have_the_name_of_an_alias() -> None:
    an_alias("fast")

    assert refusals(Alias(name="fast")) == {"name": ["taken"]}
    assert message(Alias(name="fast"), "name") == "“fast” is already an alias. Choose another name."


def test_an_alias_may_not_have_the_name_of_a_synonym() -> None:
    an_alias("fast", synonyms=("quick",))

    assert refusals(Alias(name="quick")) == {"name": ["taken"]}
    assert message(Alias(name="quick"), "name") == "“quick” is already a synonym of “fast”. Choose another name."


def test_a_synonym_may_not_have_the_name_of_an_alias_not_even_its_own() -> None:
    fast, smart = an_alias("fast"), an_alias("smart")

    assert refusals(Synonym(alias=fast, name="smart")) == {"name": ["taken"]}
    assert refusals(Synonym(alias=smart, name="smart")) == {"name": ["taken"]}


def test_a_synonym_may_not_have_the_name_of_a_synonym() -> None:
    fast = an_alias("fast", synonyms=("quick",))

    assert refusals(Synonym(alias=fast, name="quick")) == {"name": ["taken"]}
    assert refusals(Synonym(alias=an_alias("smart"), name="quick")) == {"name": ["taken"]}


def test_an_alias_may_not_be_renamed_to_its_own_synonym() -> None:
    fast = an_alias("fast", synonyms=("quick",))
    fast.name = "quick"

    assert refusals(fast) == {"name": ["taken"]}


def test_what_keeps_its_name_may_be_saved_again() -> None:
    fast = an_alias("fast", synonyms=("quick",))

    assert refusals(fast) == {}
    assert refusals(fast.synonyms.get()) == {}


def test_a_name_is_free_again_when_its_owner_is_renamed_or_gone() -> None:
    fast = an_alias("fast", synonyms=("quick",))
    fast.name = "faster"
    saved(fast)
    fast.synonyms.get().delete()

    saved(Alias(name="fast"))
    saved(Synonym(alias=fast, name="quick"))

    assert refusals(Alias(name="faster")) == {"name": ["taken"]}


def test_the_names_of_a_deleted_alias_are_free_with_its_synonyms() -> None:
    an_alias("fast", synonyms=("quick",)).delete()

    assert refusals(Alias(name="fast")) == {}
    assert refusals(Alias(name="quick")) == {}


def test_two_that_trade_names_go_through_a_third() -> None:
    fast, smart = an_alias("fast"), an_alias("smart")
    for alias, name in ((fast, "between"), (smart, "fast"), (fast, "smart")):
        alias.name = name
        saved(alias)

    assert [str(fast), str(smart)] == ["smart", "fast"]


def test_a_synonym_without_an_alias_is_refused_beside_that_field() -> None:
    assert refusals(Synonym(name="quick")) == {"alias": ["null"]}


@pytest.mark.parametrize("selector", SELECTORS)
def test_every_selector_may_be_chosen(selector: str) -> None:
    assert refusals(Alias(name="fast", selector=selector)) == {}


@pytest.mark.parametrize("field", ["selector", "weight_mode", "answer_model"])
def test_a_choice_that_does_not_exist_is_refused(field: str) -> None:
    assert refusals(Alias(name="fast", **{field: "fastest"})) == {field: ["invalid_choice"]}
