"""What the caller is told when an upstream fails."""

import pytest

from providers.models import Endpoint
from tests.faulty_upstream import an_unused_port
from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)

FAILURES = {
    "status-400": (400, "upstream_says_400"),
    "status-401": (502, "upstream_auth_error"),
    "status-402": (429, "insufficient_quota"),
    "status-403": (502, "upstream_auth_error"),
    "status-404": (502, "upstream_model_not_found"),
    "status-409": (409, "upstream_says_409"),
    "status-413": (413, "upstream_says_413"),
    "status-422": (422, "upstream_says_422"),
    "status-429": (429, "upstream_says_429"),
    "status-500": (502, "upstream_error"),
    "status-501": (502, "upstream_error"),
    "status-503": (503, "upstream_overloaded"),
    "status-504": (504, "upstream_timeout"),
    "status-529": (503, "upstream_overloaded"),
    "cut-status-401": (502, "upstream_auth_error"),
    "cut-status-503": (503, "upstream_overloaded"),
    "html": (502, "upstream_protocol_error"),
    "bad-json": (502, "upstream_protocol_error"),
    "redirect": (502, "upstream_protocol_error"),
    "gzip": (502, "upstream_protocol_error"),
    "not-http": (502, "upstream_protocol_error"),
    "bad-chunks": (502, "upstream_protocol_error"),
    "hang-up": (502, "upstream_disconnected"),
    "cut-after-3": (502, "upstream_disconnected"),
}


@pytest.mark.parametrize("stream", [False, True])
def test_each_failure_of_an_upstream_has_its_status_and_code(gateway: RunningGateway, stream: bool) -> None:
    failures = {model: told for model, told in FAILURES.items() if not (stream and model == "cut-after-3")}
    for model in failures:
        gateway.model(f"of-{model}", model)  # what becomes of a credential is no other one's business

    replies = {model: gateway.ask(f"of-{model}/{model}", stream=stream) for model in failures}

    assert {model: (reply.status_code, reply.json()["error"]["code"]) for model, reply in replies.items()} == failures


@pytest.mark.parametrize("model", ["silence", "drip-0.05", "stall-after-1"])
def test_an_upstream_that_takes_too_long_is_a_gateway_timeout(gateway: RunningGateway, model: str) -> None:
    slow = gateway.provider("slow", answer_timeout_seconds=1.5)
    gateway.model(slow, model)

    reply = gateway.ask(f"slow/{model}")

    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "upstream_total_timeout")


def test_a_stream_that_does_not_begin_is_a_gateway_timeout(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("slow", first_byte_timeout_seconds=0.2), "silence")

    reply = gateway.ask("slow/silence", stream=True)

    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "upstream_timeout")


def test_a_stream_that_falls_silent_ends_with_an_error(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("slow", idle_timeout_seconds=0.5), "stall-after-2")

    reply = gateway.ask("slow/stall-after-2", stream=True)

    assert '"code":"upstream_idle_timeout"' in reply.text.split("\n\n")[-2]
    assert "[DONE]" not in reply.text


def test_an_endless_answer_is_given_up(gateway: RunningGateway) -> None:
    gateway.model("openai", "huge")

    reply = gateway.ask("openai/huge")

    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_answer_too_large")


def test_nobody_at_the_address_is_a_connect_error(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("gone", url=f"http://127.0.0.1:{an_unused_port()}/v1"), "a")

    reply = gateway.ask("gone/a")

    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_connect_error")


def test_a_private_address_that_is_not_listed_is_never_called(gateway: RunningGateway) -> None:
    provider = gateway.provider("metadata")
    gateway.model(provider, "a")
    address = Endpoint.objects.get(provider=provider, api_type="chat")
    address.base_url = "http://169.254.169.254/v1"
    address.save()  # past its own rules, as a database that was written to by hand

    reply = gateway.ask("metadata/a")

    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_address_refused")


def test_the_callers_business_comes_as_the_upstream_wrote_it(gateway: RunningGateway) -> None:
    gateway.model("openai", "status-422-retry-after-1.5")

    reply = gateway.ask("openai/status-422-retry-after-1.5")

    assert reply.json()["error"]["message"] == "The upstream says 422."
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["retry-after"] == "2"


def test_a_model_may_stand_at_an_address_of_its_own(gateway: RunningGateway) -> None:
    nowhere = gateway.provider("openai", url=f"http://127.0.0.1:{an_unused_port()}/v1")
    alias = gateway.alias("fast")
    gateway.target(alias, gateway.model(nowhere, "gpt-4o-mini"), endpoint=f"{gateway.upstream.url}/chat/completions")

    assert gateway.ask("fast").status_code == 200


def test_when_nobody_can_be_connected_to_the_next_in_the_order_is_asked(gateway: RunningGateway) -> None:
    gone = gateway.provider("gone", url=f"http://127.0.0.1:{an_unused_port()}/v1")
    gateway.alias("fast", gateway.model(gone, "a"), gateway.model("openai", "gpt-4o-mini"), selector="in_order")

    reply = gateway.ask("fast")

    assert reply.status_code == 200
    assert reply.headers["x-plexus-provider"] == "openai"
    assert reply.headers["x-plexus-attempts"] == "2"
    attempts = gateway.row(reply).attempts.all()
    assert [(one.number, one.provider, one.outcome, one.condition) for one in attempts] == [
        (1, "gone", "failed", "connection"),
        (2, "openai", "ok", ""),
    ]


def test_what_the_caller_did_wrong_is_asked_of_nobody_else(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "status-400"), gateway.model("other", "a"), selector="in_order")

    reply = gateway.ask("fast")

    assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (400, "1")
    assert len(gateway.upstream.seen) == 1


def test_a_connection_that_had_gone_stale_is_made_anew_unseen(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "stale"))

    replies = [gateway.ask("fast"), gateway.ask("fast")]

    assert [reply.status_code for reply in replies] == [200, 200]
    assert [reply.headers["x-plexus-attempts"] for reply in replies] == ["1", "1"]


def test_a_whole_answer_may_begin_early_and_take_its_time(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("slow", idle_timeout_seconds=0.1, answer_timeout_seconds=60), "head-first-0.4")

    assert gateway.ask("slow/head-first-0.4").status_code == 200


def test_a_stream_is_known_by_its_content_type_however_that_is_spelled(gateway: RunningGateway) -> None:
    gateway.model("openai", "shouting")

    reply = gateway.ask("openai/shouting", stream=True)

    assert reply.status_code == 200
    assert reply.text.endswith("data: [DONE]\n\n")


def test_a_credential_in_a_good_answer_is_blotted_out(gateway: RunningGateway) -> None:
    gateway.model("openai", "gpt-4o-mini")

    reply = gateway.ask("openai/gpt-4o-mini", "Is it sk-openai-secret?")  # it answers with what it was asked

    assert reply.json()["choices"][0]["message"]["content"] == "Is it [redacted]?"


def test_a_provider_without_authentication_needs_no_credential_whatever_is_stored(gateway: RunningGateway) -> None:
    gateway.model(gateway.provider("local", auth="none", credential="$NOBODY_SET_THIS"), "a")

    assert gateway.ask("local/a").status_code == 200


def test_the_caller_is_not_told_where_an_upstream_stands_and_the_history_is(gateway: RunningGateway) -> None:
    port = an_unused_port()
    gateway.model(gateway.provider("gone", url=f"http://127.0.0.1:{port}/v1"), "a")

    reply = gateway.ask("gone/a")

    assert reply.json()["error"]["message"] == "gone/a could not be connected to."
    assert f"127.0.0.1:{port}" in gateway.row(reply).error


def test_the_caller_is_not_told_of_our_variables_and_addresses_and_the_history_is(gateway: RunningGateway) -> None:
    poor = gateway.model(gateway.provider("poor", credential="$NOBODY_SET_THIS"), "a")
    gateway.target(gateway.alias("fast"), poor, endpoint=f"{gateway.upstream.url}/internal")

    reply = gateway.ask("fast")

    assert reply.status_code == 503
    assert "Left out: poor/a (cannot be called as it is configured)." in reply.json()["error"]["message"]
    assert "NOBODY_SET_THIS" in gateway.row(reply).left_out
    assert "/internal" in gateway.row(reply).left_out


def test_headers_that_were_written_past_the_forms_stop_their_provider_alone(gateway: RunningGateway) -> None:
    broken = gateway.model("broken", "a")
    gateway.alias("fast", broken, gateway.model("openai", "b"), selector="in_order")
    broken.provider.extra_headers = {"x-n": 5}
    broken.provider.save()

    assert gateway.ask("fast").status_code == 200
    assert gateway.ask("broken/a").status_code == 503
