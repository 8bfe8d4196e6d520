import pytest

from gateway import trial
from history.models import RequestLog
from tests.gateways import RunningGateway, eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_administrator_may_send_one_request_and_see_what_came_of_it(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))

    tried = trial.send("fast", "Hello there", "ada")

    assert (tried.status, tried.provider, tried.model) == (200, "openai", "gpt-4o-mini")
    assert (tried.text, tried.error) == ("Hello there", "")
    assert [line.split(" (")[0] for line in tried.attempts] == ["openai/gpt-4o-mini: ok"]
    row = gateway.row_of(tried.request_id)
    assert (row.key_name, row.client_address, row.outcome) == ("admin: ada", "admin", "ok")


def test_a_failure_is_shown_with_its_message(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "status-500"))

    tried = trial.send("fast", "Hello", "ada")

    assert (tried.status, tried.text) == (502, "")
    assert tried.error == "openai/status-500 failed (status 500)."


def test_an_unknown_name_is_shown_as_a_client_would_be_told(gateway: RunningGateway) -> None:
    tried = trial.send("nothing", "Hello", "ada")

    assert (tried.status, tried.attempts) == (404, [])
    assert "does not exist" in tried.error


def test_a_trial_that_takes_too_long_is_recorded_as_that_and_not_as_a_client_that_left(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "ANSWER_SECONDS", 1.5)
    gateway.alias("fast", gateway.model("openai", "silence"))

    with pytest.raises(trial.NoAnswer, match=r"No answer within 1\.5 seconds"):
        trial.send("fast", "Hello", "ada")

    row = eventually(lambda: RequestLog.objects.first())
    assert (row.outcome, row.error_code) == ("cancelled", "timeout")


def test_a_process_without_a_gateway_says_so() -> None:
    with pytest.raises(trial.NoGateway, match=r"manage\.py serve"):
        trial.send("fast", "Hello", "ada")
