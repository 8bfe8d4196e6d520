"""The table that is compiled from the database."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers import secrets
from providers.models import ConfigurationModel, Endpoint, Provider, ProviderModel
from routing.models import Alias, Target
from routing.store import compile_table
from routing.table import LeftOut, Route, RoutingTable, UnknownModel, Upstream, decode, encode
from tests.gateways import saved
from tests.routing.rows import a_model, a_provider, a_target, an_alias

pytestmark = pytest.mark.django_db


def the_table() -> RoutingTable:
    return compile_table(1)


def behind(route: Route, table: RoutingTable) -> list[list[str]]:
    """Tier by tier: the keys of upstreams, and aliases with an arrow."""
    return [
        [f"→ {one.alias}" if one.alias else table.upstreams[one.upstream].key for one in tier] for tier in route.tiers
    ]


def the_upstream(key: str) -> Upstream:
    return next(upstream for upstream in the_table().upstreams if upstream.key == key)


def switch_off(*rows: ProviderModel | Alias) -> None:
    for row in rows:
        row.enabled = False
        saved(row)


def test_an_empty_database_is_an_empty_table() -> None:
    assert the_table() == RoutingTable(version=1)


def test_an_alias_becomes_a_route_with_what_requests_need_of_it() -> None:
    alias = an_alias(
        "fast", a_model(), description="Quick and cheap", listed=False, selector="round_robin", answer_model="requested"
    )

    route = the_table().resolve("fast")

    assert (route.id, route.name, route.description) == (alias.pk, "fast", "Quick and cheap")
    assert (route.listed, route.selector, route.answers_as_requested) == (False, "round_robin", True)
    assert route.created == int(alias.created_at.timestamp())


def test_synonyms_and_direct_names_lead_to_the_same_places() -> None:
    an_alias("fast", a_model("openai/gpt-4o"), synonyms=("quick", "cheap"))

    table = the_table()

    assert table.resolve("quick") is table.resolve("cheap") is table.resolve("fast")
    assert behind(table.resolve("openai/gpt-4o"), table) == behind(table.resolve("fast"), table) == [["openai/gpt-4o"]]


@pytest.mark.parametrize(
    "name", ["meta-llama/llama-3.3-70b:free", "@cf/meta/llama-3-8b", "ft:gpt-4o:acme::x1", "a/b/c"]
)
def test_any_model_name_that_providers_use_is_found_directly(name: str) -> None:
    a_model(f"router/{name}")

    table = the_table()
    route = table.resolve(f"direct/router/{name}")

    assert behind(route, table) == [[f"router/{name}"]]
    assert the_upstream(f"router/{name}").model == name


def test_names_are_listed_by_alias_and_each_ones_synonyms_after_it() -> None:
    for name in ("smart", "fast", "Zeta", "hidden"):
        an_alias(name, synonyms=(f"{name}-b", f"{name}-a"), listed=name != "hidden")

    names = [name for name, _ in the_table().names()]

    assert names == ["Zeta", "Zeta-a", "Zeta-b", "fast", "fast-a", "fast-b", "smart", "smart-a", "smart-b"]


# Targets


def test_targets_stand_by_tier_then_by_position() -> None:
    fast = an_alias("fast")
    for name, tier, position in (("c", 1, 0), ("b", 0, 1), ("a", 0, 0), ("d", 7, 0), ("b2", 0, 1)):
        a_target(fast, a_model(f"openai/{name}"), tier=tier, position=position)

    table = the_table()

    assert behind(table.resolve("fast"), table) == [["openai/a", "openai/b", "openai/b2"], ["openai/c"], ["openai/d"]]


def test_a_target_that_is_moved_moves_in_the_table() -> None:
    fast = an_alias("fast", a_model("openai/a"), a_model("openai/b"))
    first, second = fast.targets.all()
    first.position, second.position = 1, 0
    saved(first)
    saved(second)

    table = the_table()

    assert behind(table.resolve("fast"), table) == [["openai/b", "openai/a"]]


def test_an_absent_weight_counts_1() -> None:
    fast = an_alias("fast", a_model("openai/a"))
    heavy = a_target(fast, a_model("openai/b"), weight=3, position=1)

    ((first, second),) = the_table().resolve("fast").tiers

    assert (first.weight, second.weight, second.id) == (1, 3, heavy.pk)


def test_whoever_is_disabled_is_left_out_with_the_reason() -> None:
    off_model, of_off_provider, off_target, on = (a_model(f"{name}/m") for name in ("one", "two", "three", "four"))
    fast = an_alias("fast", off_model, of_off_provider, on)
    a_target(fast, off_target, enabled=False, position=9)
    provider = of_off_provider.provider
    provider.enabled = False
    saved(provider)
    switch_off(off_model)

    table = the_table()
    route = table.resolve("fast")

    assert behind(route, table) == [["four/m"]]
    assert route.left_out == (
        LeftOut(target="one/m", reason="the model “one/m” is disabled"),
        LeftOut(target="two/m", reason="the provider “two” is disabled"),
        LeftOut(target="three/m", reason="the target is disabled"),
    )


def test_a_route_with_everybody_disabled_is_known_and_empty() -> None:
    model = a_model()
    an_alias("fast", model)
    switch_off(model)

    route = the_table().resolve("fast")

    assert (route.tiers, len(route.left_out)) == ((), 1)


def test_a_disabled_alias_is_unknown_and_so_are_its_synonyms() -> None:
    switch_off(an_alias("fast", a_model(), synonyms=("quick",)))

    for name in ("fast", "quick"):
        with pytest.raises(UnknownModel):
            the_table().resolve(name)


def test_a_model_of_a_disabled_provider_is_asked_for_directly_in_vain() -> None:
    provider = a_model("openai/gpt-4o").provider
    provider.enabled = False
    saved(provider)

    route = the_table().resolve("openai/gpt-4o")

    assert route.left_out == (LeftOut(target="openai/gpt-4o", reason="the provider “openai” is disabled"),)


def test_an_alias_behind_an_alias_is_kept_by_name() -> None:
    an_alias("outer", an_alias("inner", a_model()), a_model("openai/other"))

    table = the_table()

    assert behind(table.resolve("outer"), table) == [["→ inner", "openai/other"]]


def test_a_disabled_alias_behind_an_alias_is_left_out() -> None:
    inner = an_alias("inner", a_model())
    an_alias("outer", inner)
    switch_off(inner)

    assert the_table().resolve("outer").left_out == (LeftOut(target="inner", reason="the alias “inner” is disabled"),)


# Upstreams


def test_an_upstream_has_its_providers_addresses_for_each_api_type() -> None:
    a_provider("openai", api_types=("chat", "embeddings"))
    a_model("openai/gpt-4o")

    assert the_upstream("openai/gpt-4o").urls == {
        "chat": "https://openai.example.com/v1/chat/completions",
        "embeddings": "https://openai.example.com/v1/embeddings",
    }


def test_a_model_may_speak_fewer_api_types_than_its_provider() -> None:
    a_provider("openai", api_types=("chat", "embeddings"))
    a_model("openai/embedder", api_types=["embeddings", "completions"])

    assert list(the_upstream("openai/embedder").urls) == ["embeddings"]


def test_a_target_with_an_address_of_its_own_is_another_upstream_of_the_same_model() -> None:
    model = a_model("vllm/llama")
    fast = an_alias("fast", model)
    a_target(fast, model, endpoint="https://east.example.com", position=1)
    a_target(fast, model, endpoint="https://west.example.com/openai/chat/completions", position=2)

    table = the_table()
    urls = [table.upstreams[one.upstream].urls for one in table.resolve("fast").tiers[0]]

    assert urls == [
        {"chat": "https://vllm.example.com/v1/chat/completions"},
        {"chat": "https://east.example.com/v1/chat/completions"},
        {"chat": "https://west.example.com/openai/chat/completions"},
    ]
    assert {table.upstreams[one.upstream].model for one in table.resolve("fast").tiers[0]} == {"llama"}


def test_a_model_behind_two_aliases_is_one_upstream() -> None:
    model = a_model()
    an_alias("fast", model)
    an_alias("smart", model)

    assert len(the_table().upstreams) == 1


def test_an_upstream_carries_prices_timeouts_headers_and_limits() -> None:
    provider = a_provider(
        "openai",
        auth="header",
        auth_header="api-key",
        extra_headers={"X-Title": "blue"},
        asks_stream_usage=False,
        connect_timeout_seconds=1.5,
        first_byte_timeout_seconds=10,
        idle_timeout_seconds=20,
        answer_timeout_seconds=30,
    )
    saved(
        ProviderModel(
            provider=provider,
            name="gpt-4o",
            context_length=128_000,
            input_usd_per_mtok=Decimal("2.5"),
            output_usd_per_mtok=Decimal("0"),
            cached_input_usd_per_mtok=Decimal("1.25"),
        )
    )

    upstream = the_upstream("openai/gpt-4o")

    assert (upstream.auth, upstream.auth_header, upstream.headers) == ("header", "api-key", {"X-Title": "blue"})
    assert not upstream.asks_stream_usage
    assert (upstream.connect_timeout_seconds, upstream.first_byte_timeout_seconds) == (1.5, 10)
    assert (upstream.idle_timeout_seconds, upstream.answer_timeout_seconds) == (20, 30)
    assert upstream.context_length == 128_000
    prices = (upstream.input_usd_per_mtok, upstream.output_usd_per_mtok, upstream.cached_input_usd_per_mtok)
    assert [Decimal(price or "nothing") for price in prices] == [Decimal("2.5"), Decimal(0), Decimal("1.25")]


def test_what_is_not_set_is_absent_and_not_zero() -> None:
    a_model("openai/gpt-4o")

    upstream = the_upstream("openai/gpt-4o")

    absent = (upstream.input_usd_per_mtok, upstream.idle_timeout_seconds, upstream.context_length)
    assert absent == (None, None, None)


def test_the_table_holds_no_credential_in_clear() -> None:
    a_provider("openai", credential="sk-very-secret", extra_headers={"X-Team": "a-very-secret-team"})
    a_provider("azure", credential="$AZURE_KEY")
    a_model("openai/gpt-4o")
    a_model("azure/gpt-4o")

    assert b"very-secret" not in b"".join(encode(the_table()))
    assert secrets.is_sealed(the_upstream("openai/gpt-4o").credential)
    assert the_upstream("azure/gpt-4o").credential == "$AZURE_KEY"


@pytest.mark.parametrize(
    ("of", "written", "reason"),
    [
        (Endpoint, {"base_url": "https://exämple.com/v1"}, "an address of “bad/m” cannot be called; save it anew"),
        (
            Provider,
            {"extra_headers": {"X-N": 5}},
            "the extra headers of the provider “bad” cannot be sent; save it anew",
        ),
        (Provider, {"extra_headers": ["X-N"]}, "the extra headers of the provider “bad” cannot be sent; save it anew"),
        (ProviderModel, {"api_types": 5}, "the API types of “bad/m” are no list; save it anew"),
    ],
)
def test_a_row_that_was_written_past_its_rules_is_left_out_and_stops_no_other(
    of: type[ConfigurationModel], written: dict[str, Any], reason: str
) -> None:
    an_alias("fast", a_model("good/m"), a_model("bad/m"))
    name = {Endpoint: "provider__name", Provider: "name", ProviderModel: "provider__name"}[of]
    of._default_manager.filter(**{name: "bad"}).update(**written)

    table = the_table()

    assert behind(table.resolve("fast"), table) == [["good/m"]]
    assert table.resolve("fast").left_out == (LeftOut(target="bad/m", reason=reason),)
    assert table.disabled["bad/m"].reason == reason
    assert decode(encode(table)) == table


def test_a_target_whose_own_address_was_written_past_its_rules_is_left_out_alone() -> None:
    model = a_model("good/m")
    alias = an_alias("fast", model)
    Target.objects.create(alias=alias, model=model, endpoint="not an address", position=1)

    table = the_table()

    assert behind(table.resolve("fast"), table) == [["good/m"]]
    assert [left.reason for left in table.resolve("fast").left_out] == [
        "an address of “good/m” cannot be called; save it anew"
    ]
    assert list(table.direct) == ["good/m"]


def test_a_compiled_table_comes_back_from_json() -> None:
    an_alias("outer", an_alias("inner", a_model()), a_model("azure/gpt-4o"), synonyms=("quick",))

    assert decode(encode(the_table())) == the_table()


def test_more_rows_need_no_more_queries() -> None:
    an_alias("a0", an_alias("b0", a_model("p0/m")), a_model("p0/n"))
    with CaptureQueriesContext(
        connection,
    ) as few:
        the_table()
    for number in range(1, 6):
        an_alias(f"a{number}", an_alias(f"b{number}", a_model(f"p{number}/m")), a_model(f"p{number}/n"))

    with CaptureQueriesContext(connection) as many:
        the_table()

    assert len(many) == len(few)
