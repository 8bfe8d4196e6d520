"""The table “What a failure means” in docs/routing.md, held against the function that judges."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import errors
from providers.classifier import from_status, of_answer
from providers.errors import UpstreamError
from providers.verdict import Harm, Scope, Verdict, judge
from tests.providers.kinds import every_kind

ROUTING = (Path(__file__).parent.parent.parent / "docs" / "routing.md").read_text()


def answered(status: int, body: bytes = b'{"error": {"message": "no"}}', **headers: str) -> UpstreamError:
    return from_status(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def named(status: int, code: str) -> UpstreamError:
    return answered(status, b'{"error": {"message": "no", "code": "%s"}}' % code.encode())


def inside(body: bytes) -> UpstreamError:
    failure = of_answer(200, "application/json", body)
    assert failure is not None
    return failure


CASES: dict[str, list[UpstreamError]] = {
    "refused, unreachable, unknown host": [errors.ConnectFailed("")],
    "no connection in time": [errors.ConnectTimeout("")],
    "certificate or handshake": [errors.TLSFailed("")],
    "an address that may not be called": [errors.AddressRefused("")],
    "a URL or header that cannot be sent": [errors.Misconfigured("")],
    "connection closed before the answer was whole": [errors.Disconnected("")],
    "stream ended before its answer was finished": [errors.Incomplete("")],
    "no first byte in time; 504, 522, 524": [errors.FirstByteTimeout(""), *map(answered, (504, 522, 524))],
    "fell silent": [errors.IdleTimeout("")],
    "not done in time": [errors.TotalTimeout("")],
    "3xx": [*map(answered, (300, 301, 302, 304, 307, 308, 399))],
    "not HTTP, HTML, JSON that is broken or of another shape; 403 with a page": [
        errors.ProtocolError(""),
        inside(b"<html>Welcome</html>"),
        inside(b'{"choices": [{"mess'),
        inside(b"{}"),
        inside(b'{"choices": []}'),
        answered(403, b"<!DOCTYPE html><title>Attention Required!</title>", content_type="text/html"),
        answered(999),
    ],
    "larger than PLEXUS_MAX_ANSWER_BYTES": [errors.AnswerTooLarge("")],
    "finished, with nothing in it": [
        inside(b'{"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": ""}}]}')
    ],
    "error inside a 200 that names nothing known": [inside(b'{"error": "out of luck"}')],
    "500, 502, other 5xx; inside a 200 too": [
        *map(answered, (500, 502, 506, 507, 520, 521, 523, 530, 599)),
        answered(500, retry_after="2"),
        inside(b'{"error": {"type": "server_error", "message": "no"}}'),
        inside(b'{"error": {"code": 502, "message": "Provider returned error"}}'),
    ],
    "501, 505": [*map(answered, (501, 505))],
    "503, 529 without a wait; overloaded inside a 200": [
        *map(answered, (503, 529)),
        answered(503, retry_after="0"),
        inside(b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}'),
    ],
    "503, 529 with a wait": [answered(503, retry_after="2"), answered(529, retry_after="30")],
    "408, 409, 425": [*map(answered, (408, 409, 425))],
    "429 with a wait of at most 3 s": [answered(429, retry_after="2"), answered(429, retry_after_ms="3000")],
    "429 with a longer wait": [answered(429, retry_after="3.5"), answered(429, retry_after="86400")],
    "429 without a wait; rate limit inside a 200": [
        answered(429),
        answered(429, retry_after="soon"),
        answered(429, retry_after="0"),
        inside(b'{"error": {"code": 429, "message": "Rate limited"}}'),
    ],
    "402, or a code for no money left": [answered(402), named(429, "insufficient_quota")],
    "401, 403, or a code for a wrong key": [answered(401), answered(403), named(400, "invalid_api_key")],
    "404, or a code for an unknown model": [answered(404), named(400, "model_not_found")],
    "400, 413, 422 for too many tokens": [named(status, "context_length_exceeded") for status in (400, 413, 422)],
    "400, 403 by a content policy": [named(400, "content_filter"), named(403, "content_policy_violation")],
    "any other 4xx": [*map(answered, (400, 405, 406, 413, 415, 418, 422, 431, 451, 499))],
}


def table_rows() -> list[list[str]]:
    section = ROUTING.split("## What a failure means")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def row_of(what: str, failure: UpstreamError) -> list[str]:
    """The table's row, as judge() would write it."""
    verdict = judge(failure)
    harms = verdict.harm is not Harm.NONE
    passes = "as it came" if failure.passes_through else str(failure.status)
    return [
        what,
        f"`{verdict.condition}`",
        str(verdict.fault),
        another(verdict),
        again(verdict),
        "alive" if verdict.shows_life else str(verdict.harm),
        str(verdict.scope) if harms else "–",
        how_long(verdict, failure),
        f"{passes} `{failure.code}`",
        {None: "–", False: "false", True: "true"}[verdict.should_retry],
    ]


def another(verdict: Verdict) -> str:
    if verdict.may_fail_over:
        return "yes"
    return "if named" if verdict.may_fail_over_if_named else "no"


def again(verdict: Verdict) -> str:
    if not verdict.again:
        return "no"
    return "once" if verdict.pause_seconds == (0.1, 0.5) else "once, after the wait"


def how_long(verdict: Verdict, failure: UpstreamError) -> str:
    if verdict.rest_seconds is None:
        return "–"
    if verdict.rest_seconds == failure.retry_after_seconds:
        return "the wait"
    grown = f", doubling to {verdict.rest_cap_seconds:g} s" if verdict.grows else ""
    return f"{verdict.rest_seconds:g} s{grown}"


@pytest.mark.parametrize("row", table_rows(), ids=lambda row: row[0])
def test_each_row_of_the_documents_is_what_the_function_judges(row: list[str]) -> None:
    judged = [row_of(row[0], failure) for failure in CASES[row[0]]]

    assert judged == [row] * len(judged)


def test_the_documents_have_a_row_for_every_case_and_no_other() -> None:
    assert [row[0] for row in table_rows()] == list(CASES)


def test_every_kind_of_failure_has_a_row() -> None:
    abstract = {errors.NotReached, errors.NotAnswered, errors.Refusal}

    assert {type(failure) for failures in CASES.values() for failure in failures} == set(every_kind()) - abstract


def test_a_short_wait_is_waited_for_and_up_to_half_as_long_again() -> None:
    assert judge(answered(429, retry_after="2")).pause_seconds == (2, 3)


def test_a_wait_that_was_named_does_not_grow() -> None:
    verdict = judge(answered(429, retry_after="20"))

    assert (verdict.rest_seconds, verdict.grows, verdict.rest_cap_seconds) == (20, False, 20)


STATUSES = st.one_of(st.integers(0, 199), st.integers(300, 999))
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "x-ms-retry-after-ms", "date", "content-type"]),
    st.text(max_size=20) | st.floats().map(str) | st.integers().map(str),
)
NAMES = [
    "error",
    "code",
    "message",
    "type",
    "status",
    "param",
    "metadata",
    "reasons",
    "details",
    "retryDelay",
    "detail",
]
CODES = ["insufficient_quota", "context_length_exceeded", "rate_limit_exceeded", "overloaded_error", "content_filter"]
NUMBERS = ["34s", "400", "401", "402", "403", "429", "503", "flagged_input", "model_not_found", "api_key_invalid"]
WORDS: st.SearchStrategy[str] = st.sampled_from([*NAMES, *CODES, *NUMBERS])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
BODIES = st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode())


@given(STATUSES, HEADERS, BODIES)
def test_any_answer_with_an_error_status_is_judged(status: int, headers: dict[str, str], body: bytes) -> None:
    failure = from_status(status, headers, body)

    verdict = judge(failure)

    assert verdict.condition is failure.condition
    assert 0 < (verdict.rest_seconds or 1) <= 300
    assert (verdict.rest_seconds is None) == (verdict.harm not in (Harm.REST, Harm.HARD))
    assert verdict.may_fail_over_if_named or not verdict.may_fail_over
    assert verdict.harm is Harm.NONE or not verdict.shows_life


@given(st.integers(500, 599), HEADERS, BODIES)
def test_whatever_a_server_error_says_it_harms_its_upstream_alone_and_goes_on(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    verdict = judge(from_status(status, headers, body))

    assert verdict.harm is not Harm.NONE
    assert verdict.scope is Scope.UPSTREAM
    assert verdict.may_fail_over


@given(BODIES, st.text(max_size=20), st.sampled_from(["chat", "completions", "embeddings", "messages", "responses"]))
def test_any_body_of_a_200_is_an_answer_or_judged(body: bytes, content_type: str, api_type: str) -> None:
    failure = of_answer(200, content_type, body, api_type)

    assert failure is None or judge(failure).condition is failure.condition
    assert failure is None or failure.upstream_status == 200


@given(STATUSES, HEADERS, BODIES)
def test_a_caller_is_never_told_that_our_own_key_or_money_is_wanting(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    failure = from_status(status, headers, body)

    assert failure.status not in (401, 402)
    assert 400 <= failure.status <= 599


@given(BODIES)
def test_an_error_inside_a_200_is_never_told_as_a_200(body: bytes) -> None:
    failure = of_answer(200, "application/json", body)

    assert failure is None or failure.status >= 400 or isinstance(failure, errors.EmptyAnswer)
