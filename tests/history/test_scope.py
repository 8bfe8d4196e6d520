from urllib.parse import parse_qsl

import pytest

from history.comparison import MEASURES
from history.periods import PERIODS
from history.scope import DIRECT, UNRESOLVED, Scope, alias_of, scope_of, target_of
from tests.history.exchanges import sums


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(period=PERIODS["7d"], alias="fast"),
        Scope(period=PERIODS["30d"], by_key=True),
        Scope(alias=DIRECT, target="openrouter/meta/llama-3:70b@x&y=z", measure="cost"),
    ],
)
def test_an_address_leads_back_to_its_scope(scope: Scope) -> None:
    query = dict(parse_qsl(scope.address.removeprefix("?")))

    assert scope_of(query, MEASURES) == scope


@pytest.mark.parametrize(
    "query", [{}, {"period": "9y"}, {"measure": "<script>"}, {"target": "no-slash"}, {"alias": "\0"}, {"alias": ""}]
)
def test_what_makes_no_sense_in_an_address_counts_as_absent(query: dict[str, str]) -> None:
    assert scope_of(query, MEASURES) == Scope()


def test_a_name_in_the_address_has_an_end() -> None:
    assert len(scope_of({"alias": "a" * 100_000}, MEASURES).alias) == 400


@pytest.mark.parametrize(
    ("names", "alias", "target"),
    [
        ({}, "fast", "openai/gpt-4o"),
        ({"alias": ""}, DIRECT, "openai/gpt-4o"),
        ({"alias": "", "provider": "", "model": ""}, UNRESOLVED, ""),
        ({"provider": "", "model": ""}, "fast", ""),
    ],
)
def test_a_row_is_covered_by_the_names_that_it_goes_by(names: dict[str, str], alias: str, target: str) -> None:
    row = sums(**names)

    assert (alias_of(row), target_of(row)) == (alias, target)
    assert Scope(alias=alias, target=target).covers(row)
    assert not Scope(alias="other").covers(row)
    assert not Scope(target="other/model").covers(row)
