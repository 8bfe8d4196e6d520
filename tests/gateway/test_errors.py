import json

import pytest

from gateway import errors
from gateway.errors import GatewayError, near_matches, rendered
from providers.classifier import from_status
from providers.errors import ConnectFailed, QuotaExceeded


def every_error() -> list[GatewayError]:
    return [
        errors.InvalidRequest("No.", code="invalid_json", param="model"),
        errors.UnsupportedApiType("fast", "embeddings", ["chat"]),
        errors.MalformedHTTP(),
        errors.Unauthorized(),
        errors.KeyDisabled(1, "billing"),
        errors.KeyExpired(1, "billing"),
        errors.MetricsForbidden("Ask."),
        errors.ModelNotAllowed("fast"),
        errors.ModelNotFound("fats", ["fast", "last"]),
        errors.NotFound("/v1/x"),
        errors.MethodNotAllowed("GET", "POST"),
        errors.BodyTimeout(30),
        errors.HeadTimeout(15),
        errors.BodyTooLarge(20),
        errors.URLTooLong(8192),
        errors.UnsupportedMediaType("No."),
        errors.HeadersTooLarge(65536, 100),
        errors.NoEnabledTargets("fast", ["openai/a (off)"]),
        errors.NotReady(),
        errors.Overloaded("Full.", retry_after_seconds=1),
        errors.HistoryUnavailable(),
        errors.ShuttingDown(),
        errors.InternalError("0199"),
    ]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_every_error_is_written_in_openais_shape(error: GatewayError) -> None:
    written = rendered(error)

    body = json.loads(written.body)["error"]
    assert body == {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    assert (written.status, written.content_type) == (error.status, "application/json")


def test_the_tree_in_the_module_says_what_is() -> None:
    tree = errors.__doc__ or ""

    for error in every_error():
        line = next(line for line in tree.splitlines() if f" {type(error).__name__} " in line)
        assert error.code in line or type(error) is errors.InvalidRequest
        assert str(error.status) in line or error.status == 403


def test_a_wrong_key_is_told_how_to_send_one() -> None:
    assert rendered(errors.Unauthorized()).headers == {"www-authenticate": "Bearer"}


def test_a_wrong_method_is_told_the_right_one() -> None:
    assert rendered(errors.MethodNotAllowed("GET", "POST")).headers == {"allow": "POST"}


def test_a_client_that_sends_too_slowly_is_hung_up_on() -> None:
    assert rendered(errors.BodyTimeout(30)).headers == {"connection": "close"}


def test_what_is_the_callers_business_comes_as_the_upstream_wrote_it() -> None:
    error = from_status(422, {"content-type": "application/problem+json", "retry-after": "1.2"}, b'{"x":1}')

    written = rendered(error)

    assert (written.status, written.body, written.content_type) == (422, b'{"x":1}', "application/problem+json")
    assert written.headers == {"retry-after": "2", "x-should-retry": "false"}


def test_an_upstreams_refusal_without_a_body_gets_our_words() -> None:
    written = rendered(from_status(429, {}, b""))

    assert json.loads(written.body)["error"]["code"] == "upstream_rate_limited"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 500, 503])
def test_what_is_between_us_and_the_upstream_stays_there(status: int) -> None:
    written = rendered(from_status(status, {}, b"our key is sk-secret"))

    assert b"sk-secret" not in written.body
    assert json.loads(written.body)["error"]["type"] == "upstream_error"


def test_where_an_upstream_stands_is_for_the_history_alone() -> None:
    error = ConnectFailed("No connection to 10.1.2.3:8000: Connection refused.")
    error.upstream = "openai/gpt-4o"

    assert json.loads(rendered(error).body)["error"]["message"] == "openai/gpt-4o could not be connected to."


def test_an_empty_account_is_told_by_openais_own_code() -> None:
    assert json.loads(rendered(QuotaExceeded("No money.")).body)["error"]["code"] == "insufficient_quota"


def test_the_list_of_names_is_mentioned_only_where_it_helps() -> None:
    refusals = [errors.ModelNotFound("x"), errors.ModelNotAllowed("x")]
    without = [
        errors.ModelNotFound("x", models_at=""),
        errors.ModelNotAllowed("x", models_at=""),
        errors.ModelNotFound("x", ["y"]),
    ]

    assert all("GET /v1/models" in error.message for error in refusals)
    assert not any("GET /v1/models" in error.message for error in without)


def test_the_cure_is_where_the_name_is_configured() -> None:
    assert errors.NoEnabledTargets("fast").message.endswith(
        "Its “Test route”, under Routing › Aliases, says what each one lacks."
    )
    assert errors.NoEnabledTargets("p/m", is_direct=True).message.endswith("See to it under Providers.")


def test_near_matches_are_the_likeliest_three_whatever_their_case() -> None:
    names = ["fast", "FAST-2", "fastest", "fasts", "slow", "gpt-4o"]

    assert near_matches("Slwo", names) == ["slow"]
    assert len(near_matches("fast", names)) == 3
    assert near_matches("claude", names) == []


def test_a_long_name_is_compared_with_nobody_and_a_name_with_a_hundred_at_most() -> None:
    crowd = [f"team-{number:04}-gpt-4o-mini-europe" for number in range(1000)]

    assert near_matches("a" * 65, ["a" * 65]) == []
    assert near_matches("fats", [*crowd, "fast"]) == ["fast"]


def test_half_of_an_emoji_in_a_name_can_be_written() -> None:
    assert b"model_not_found" in rendered(errors.ModelNotFound("\ud83d")).body
