from gateway.decision import in_one_line
from history.records import Outcome
from tests.history.exchanges import a_refused_exchange, an_attempt, an_exchange


def test_the_line_says_the_names_every_attempt_and_the_outcome() -> None:
    down = an_attempt(model="gpt-5", status=None, condition="connection", outcome=Outcome.FAILED, latency_ms=3)
    exchange = an_exchange(
        id="0199", requested_model="quick", attempts=(down, an_attempt(2)), left_out="openai/o1: disabled\nx/y: no key"
    )

    assert in_one_line(exchange) == (
        "Request 0199 (chat): quick → fast → openai/gpt-4o; attempts: openai/gpt-5 connection 3 ms, "
        "openai/gpt-4o 200 90 ms; left out: openai/o1: disabled; x/y: no key; ok 200 in 100 ms"
    )


def test_a_refusal_says_its_code() -> None:
    exchange = a_refused_exchange(id="0199", requested_model="fats")

    assert in_one_line(exchange) == (
        "Request 0199 (chat): fats; attempts: none; left out: nobody; refused 404 model_not_found in 0 ms"
    )


def test_no_name_breaks_the_line() -> None:
    exchange = a_refused_exchange(requested_model="a\u2028b\nc")

    assert len(in_one_line(exchange).splitlines()) == 1


def test_an_address_is_not_in_it() -> None:
    assert "api.openai.com" not in in_one_line(an_exchange())
