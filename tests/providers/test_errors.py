import httpx
import pytest

from providers import errors
from providers.classifier import from_status
from providers.errors import Fault
from tests.providers.kinds import every_kind

BODY = b'{"error": {"message": "no"}}'


@pytest.mark.parametrize(
    ("upstream_status", "status", "code"),
    [
        (400, 400, "upstream_rejected"),
        (401, 502, "upstream_auth_error"),
        (402, 429, "insufficient_quota"),
        (403, 502, "upstream_auth_error"),
        (404, 502, "upstream_model_not_found"),
        (408, 408, "upstream_rejected"),
        (409, 409, "upstream_rejected"),
        (413, 413, "upstream_rejected"),
        (415, 415, "upstream_rejected"),
        (418, 418, "upstream_rejected"),
        (422, 422, "upstream_rejected"),
        (429, 429, "upstream_rate_limited"),
        (500, 502, "upstream_error"),
        (501, 502, "upstream_error"),
        (502, 502, "upstream_error"),
        (503, 503, "upstream_overloaded"),
        (504, 504, "upstream_timeout"),
        (529, 503, "upstream_overloaded"),
        (498, 429, "upstream_rate_limited"),
        (522, 504, "upstream_timeout"),
        (302, 502, "upstream_protocol_error"),
        (304, 502, "upstream_protocol_error"),
        (999, 502, "upstream_protocol_error"),
    ],
)
def test_each_status_of_an_upstream_means_one_error(upstream_status: int, status: int, code: str) -> None:
    error = from_status(upstream_status, {}, BODY)

    assert (error.status, error.code, error.upstream_status) == (status, code, upstream_status)


def test_what_is_the_callers_business_passes_as_it_came() -> None:
    error = from_status(422, {"content-type": "application/problem+json"}, BODY)

    assert error.passes_through
    assert error.fault is Fault.CALLER
    assert (error.body, error.content_type) == (BODY, "application/problem+json")


@pytest.mark.parametrize("status", [401, 402, 403, 404, 500, 503, 529])
def test_what_is_not_the_callers_business_does_not_pass(status: int) -> None:
    assert not from_status(status, {}, BODY).passes_through


def test_a_rate_limit_passes_with_its_wait() -> None:
    error = from_status(429, httpx.Headers({"Retry-After": "7"}), BODY)

    assert error.passes_through
    assert error.retry_after_seconds == 7


@pytest.mark.parametrize("status", [401, 402, 404, 429, 500, 504, 302])
def test_the_caller_is_told_who_and_what_and_nothing_of_our_network(status: int) -> None:
    error = from_status(status, {}, BODY)
    error.upstream = "openai/gpt-4o"

    assert error.told == f"openai/gpt-4o {error.words} (status {status})."


def test_every_kind_of_failure_has_words_for_the_caller() -> None:
    plain = {kind.__name__ for kind in every_kind() if kind.words == errors.UpstreamError.words}

    assert plain == {"Refusal", "UpstreamServerError"}
    assert errors.ConnectFailed("No connection to 10.0.0.5:8000.").told == "The upstream could not be connected to."


def test_the_tree_at_the_top_names_every_error() -> None:
    drawn = errors.__doc__ or ""

    for kind in every_kind():
        assert f" {kind.__name__} " in drawn.replace("\n", " \n"), kind


def test_the_tree_at_the_top_gives_every_code_and_status() -> None:
    lines = {
        line.split("─ ")[1].split()[0]: line.split() for line in (errors.__doc__ or "").split("\n") if "─ " in line
    }

    for kind in every_kind():
        if not kind.__subclasses__() and isinstance(kind.status, int):
            assert str(kind.status) in lines[kind.__name__]
            assert kind.code in lines[kind.__name__]
