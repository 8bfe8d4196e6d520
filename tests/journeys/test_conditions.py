"""Fallbacks that are for certain failures alone."""

import pytest

from tests.gateways import RunningGateway
from tests.journeys.failing import GOOD

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_fallback_is_asked_only_after_what_it_is_for(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("bad", "status-500"), selector="in_order")
    gateway.target(alias, gateway.model("later", GOOD), position=1, conditions=["timeout"])
    gateway.target(alias, gateway.model("right", GOOD), position=2, conditions=["server_error"])

    reply = gateway.ask("fast")

    assert reply.headers["x-plexus-provider"] == "right"


def test_a_fallback_is_never_asked_first(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("good", GOOD))
    gateway.target(alias, gateway.model("spare", GOOD), weight=1000, conditions=["any"])

    providers = {gateway.ask("fast").headers["x-plexus-provider"] for _ in range(10)}

    assert providers == {"good"}


def test_a_fallback_for_two_failures_is_asked_after_two(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("one", "status-500"), gateway.model("two", "hang-up"))
    gateway.target(alias, gateway.model("last", GOOD), conditions=["primary_and_first_fallback_failed"])

    reply = gateway.ask("fast")

    assert (reply.headers["x-plexus-provider"], reply.headers["x-plexus-attempts"]) == ("last", "3")


def test_content_that_was_refused_goes_only_to_a_target_that_names_it(gateway: RunningGateway) -> None:
    alias = gateway.alias(
        "fast", gateway.model("strict", "filtered"), gateway.model("other", GOOD), selector="in_order"
    )
    gateway.target(alias, gateway.model("lenient", GOOD), position=2, conditions=["content_filter"])

    reply = gateway.ask("fast")

    assert (reply.headers["x-plexus-provider"], reply.headers["x-plexus-attempts"]) == ("lenient", "2")


def test_whoever_is_left_alone_counts_as_failed_for_a_fallback(gateway: RunningGateway) -> None:
    limited = gateway.model("limited", "status-429-retry-after-60")
    alias = gateway.alias("fast", limited, selector="in_order")
    gateway.target(alias, gateway.model("spare", GOOD), position=1, conditions=["rate_limited"])

    replies = [gateway.ask("fast") for _ in range(2)]

    assert [reply.headers["x-plexus-provider"] for reply in replies] == ["spare", "spare"]
    assert [reply.headers["x-plexus-attempts"] for reply in replies] == ["2", "1"]


def test_a_fallback_whose_condition_does_not_hold_is_told_in_the_history(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("bad", "status-401"), selector="in_order")
    gateway.target(alias, gateway.model("spare", GOOD), position=1, conditions=["timeout"])

    reply = gateway.ask("fast")

    assert reply.status_code == 502
    assert f"spare/{GOOD}: only after: too late" in gateway.row(reply).left_out


def test_a_fallback_chain_goes_on_with_the_next_one(gateway: RunningGateway) -> None:
    """As with Plano: a primary, then fallbacks in their order, each with the conditions under which it is used."""
    alias = gateway.alias("chain", gateway.model("primary", "status-429"), selector="in_order")
    gateway.target(alias, gateway.model("first", "hang-up"), position=1, conditions=["quota_exceeded", "rate_limited"])
    last = ["primary_and_first_fallback_failed"]
    gateway.target(alias, gateway.model("second", GOOD), position=2, conditions=last)

    reply = gateway.ask("chain")

    assert reply.headers["x-plexus-provider"] == "second"
    assert [one.condition for one in gateway.row(reply).attempts.all()] == ["rate_limited", "connection", ""]
