"""How long an upstream, and all of them together, may take, and how much one may have at a time."""

import threading

import pytest
from pytest_django import Settings

from gateway import runtime
from tests.gateways import RunningGateway, eventually
from tests.journeys.failing import GOOD, said

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_target_may_be_given_less_time_than_its_provider(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", selector="in_order")
    gateway.target(alias, gateway.model("slow", "silence"), position=0, answer_timeout_seconds=0.3)
    gateway.target(alias, gateway.model("good", GOOD), position=1)

    assert gateway.ask("fast").headers["x-plexus-provider"] == "good"


def test_a_stream_held_back_is_had_from_another_when_it_breaks_in_the_middle(gateway: RunningGateway) -> None:
    behind = [gateway.model("bad", "cut-after-3"), gateway.model("good", GOOD)]
    gateway.alias("whole", *behind, selector="in_order", stream_mode="buffered")

    reply = gateway.ask("whole", "one two", stream=True)

    assert said(reply.text) == "one two"
    assert "word" not in reply.text
    assert reply.text.endswith("data: [DONE]\n\n")


def test_comments_do_not_keep_a_stream_alive(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("muttering", semantic_idle_timeout_seconds=0.4), "muttering-0.05")

    reply = gateway.ask("muttering/muttering-0.05", stream=True)

    assert '"code":"upstream_idle_timeout"' in reply.text
    assert "[DONE]" not in reply.text


def test_an_upstream_that_has_as_much_as_it_may_have_hands_over(gateway: RunningGateway) -> None:
    full = gateway.model("full", "meet-2", max_in_flight=1)
    gateway.alias("fast", full, gateway.model("good", GOOD), selector="in_order")

    first = threading.Thread(target=lambda: gateway.ask("fast"))
    first.start()
    eventually(lambda: gateway.upstream.seen)
    reply = gateway.ask("fast")
    first.join()

    assert reply.headers["x-plexus-provider"] == "good"
    assert "requests in flight, as many as may be" in gateway.row(reply).left_out


def test_no_other_try_begins_after_the_time_for_all_of_them(gateway: RunningGateway, settings: Settings) -> None:
    runtime.current().chain_seconds = 0.2
    slow = [gateway.model(gateway.provider(name, answer_timeout_seconds=0.4), "silence") for name in ("slow", "too")]
    gateway.alias("fast", *slow, gateway.model("good", GOOD), selector="in_order")

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (504, "2")


def test_one_that_was_silent_for_its_whole_time_leaves_time_for_another(gateway: RunningGateway) -> None:
    runtime.current().chain_seconds = 0.2
    slow = gateway.model(gateway.provider("slow", answer_timeout_seconds=0.4), "silence")
    gateway.alias("fast", slow, gateway.model("good", GOOD), selector="in_order")

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (200, "2")
