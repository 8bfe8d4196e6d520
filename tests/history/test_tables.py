from history import tables
from history.scope import DIRECT, Scope
from tests.history.exchanges import sums

EVERYTHING = Scope()


def test_a_target_shows_its_share_of_its_alias() -> None:
    rows = [
        sums(model="a", requests=70, attempts=70),
        sums(model="b", requests=30, attempts=30),
        sums(alias="slow", model="c", requests=900, attempts=900),
    ]

    shares = {row.name: row.share for row in tables.targets(EVERYTHING, rows, most=10).rows}

    assert shares == {"openai/c": "100 %", "openai/a": "70.0 %", "openai/b": "30.0 %"}


def test_a_target_that_always_hands_over_shows_its_failures() -> None:
    (row,) = tables.targets(EVERYTHING, [sums(attempts=10, attempt_failures=10)], most=10).rows

    assert (row.requests, row.error_rate) == ("0", "100 %")


def test_a_target_that_always_hands_over_is_not_cut_off() -> None:
    rows = [sums(model="dead", attempts=100, attempt_failures=100), sums(model="idle", requests=2, attempts=2)]

    (row,) = tables.targets(EVERYTHING, rows, most=1).rows

    assert row.name == "openai/dead"


def test_requests_without_an_alias_are_told_apart() -> None:
    rows = [sums(alias="", requests=2), sums(alias="", provider="", model="", requests=1)]

    shown = [(row.name, row.under) for row in tables.aliases(EVERYTHING, rows, most=10).rows]

    assert shown == [
        ("direct, no alias", "asked for as provider/model"),
        ("refused, no alias", "refused, or left, before any was found"),
    ]


def test_both_tables_show_tokens() -> None:
    rows = [sums(requests=1, input_tokens=1_000, output_tokens=234)]

    found = [*tables.aliases(EVERYTHING, rows, most=10).rows, *tables.targets(EVERYTHING, rows, most=10).rows]

    assert [row.tokens for row in found] == ["1,234", "1,234"]


def test_a_cost_that_nobody_knows_is_unknown() -> None:
    (row,) = tables.aliases(EVERYTHING, [sums(requests=1, unknown_costs=1)], most=10).rows

    assert row.cost == "unknown"


def test_a_row_leads_to_itself_alone_and_the_chosen_one_back() -> None:
    rows = [sums(requests=2), sums(alias="slow", requests=1)]

    fast, slow = tables.aliases(Scope(alias="fast", target="openai/gpt-4o"), rows, most=10).rows

    assert (fast.is_chosen, fast.address) == (True, "?period=24h")
    assert (slow.is_chosen, slow.address) == (False, "?period=24h&alias=slow")


def test_a_target_leads_to_itself_in_its_alias_and_the_chosen_one_back_to_the_alias() -> None:
    rows = [sums(requests=2), sums(model="o3", requests=1)]

    chosen, other = tables.targets(Scope(alias="fast", target="openai/gpt-4o"), rows, most=10).rows

    assert (chosen.is_chosen, chosen.address) == (True, "?period=24h&alias=fast")
    assert (other.is_chosen, other.address) == (False, "?period=24h&alias=fast&target=openai/o3")


def test_one_alias_shows_only_its_targets() -> None:
    rows = [sums(requests=2), sums(alias="slow", model="o3", requests=1), sums(alias="", model="o4", requests=1)]

    table = tables.targets(Scope(alias="slow"), rows, most=10)
    direct = tables.targets(Scope(alias=DIRECT), rows, most=10)

    assert (table.title, [row.name for row in table.rows]) == ("Targets of slow", ["openai/o3"])
    assert (direct.title, [row.name for row in direct.rows]) == ("Targets", ["openai/o4"])


def test_what_a_table_leaves_out_is_counted() -> None:
    rows = [sums(alias=f"alias-{number}", requests=1) for number in range(5)]

    table = tables.aliases(EVERYTHING, rows, most=3)

    assert (len(table.rows), table.left_out) == (3, 2)
