"""Failures as providers spell them, and the kind that each is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import errors
from providers.classifier import BY_STATUS, from_status, of_answer, of_event, of_first_events, of_silent_stream
from providers.errors import UpstreamError
from providers.spellings import KIND_OF_CODE
from tests.providers.kinds import every_kind

TOO_LONG = [
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "This endpoint's maximum context length is 32768 tokens. However, you requested about 42832 tokens.",
    "prompt is too long: 205000 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length",
    "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
    "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "Please reduce the length of the messages or completion.",
    "request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it",
    "the input length exceeds the context length",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Input is too long for requested model.",
    "Invalid request: Your request exceeded model token limit: 8192",
    "`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 8000 `inputs` tokens",
]
AGAINST_POLICY = [
    "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    "Output blocked by content filtering policy",
    "Content Exists Risk",
    "Input data may contain inappropriate content.",
    "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_CSAM",
]
TOO_LARGE = (
    b'{"error":{"message":"Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, '
    b'Requested 34125.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}'
)
NO_CREDIT = (
    b'{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access"}}'
)
GOOGLES_KEY = (
    b'[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT",'
    b'"details":[{"reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}]'
)
XAIS_KEY = (
    b'{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***. You can obtain"}'
)
MODERATED = (
    b'{"error":{"code":403,"message":"x requires moderation","metadata":{"reasons":["hate"],"flagged_input":"x"}}}'
)
NO_IMAGES = b'{"error":{"message":"No endpoints found that support image input","code":404}}'
NO_PROMPT = b'{"error":{"message":"Prompt not found","type":"invalid_request_error","param":"prompt","code":null}}'
NO_MODEL = b'{"error":{"message":"The model `x` does not exist","param":"model","code":"model_not_found"}}'
DETAILED = b'{"detail":"Not Found"}'


def error(message: str) -> bytes:
    return b'{"error": {"message": "%s"}}' % message.encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        *((400, error(message), errors.ContextLengthExceeded) for message in TOO_LONG),
        *((400, error(message), errors.ContentFiltered) for message in AGAINST_POLICY),
        (429, TOO_LARGE, errors.ContextLengthExceeded),
        (413, TOO_LARGE, errors.ContextLengthExceeded),
        (413, b'{"error":{"type":"request_too_large","message":"Too many bytes."}}', errors.UpstreamRejected),
        (400, NO_CREDIT, errors.QuotaExceeded),
        (400, GOOGLES_KEY, errors.UpstreamAuthFailed),
        (400, XAIS_KEY, errors.UpstreamAuthFailed),
        (401, b'{"error":{"code":"content_filter"}}', errors.UpstreamAuthFailed),
        (403, b'{"error":{"type":"permission_error","message":"Your key may not"}}', errors.UpstreamAuthFailed),
        (403, b"", errors.UpstreamAuthFailed),
        (403, MODERATED, errors.ContentFiltered),
        (403, b'{"error":{"code":"insufficient_user_quota","message":"no"}}', errors.QuotaExceeded),
        (403, b"  <html><title>Blocked</title>", errors.ProtocolError),
        (404, b"<html>nginx</html>", errors.UpstreamModelNotFound),
        (404, DETAILED, errors.UpstreamModelNotFound),
        (404, NO_MODEL, errors.UpstreamModelNotFound),
        (404, b'{"error":{"code":"DeploymentNotFound","message":"no"}}', errors.UpstreamModelNotFound),
        (404, b'{"error":"model \'llama9\' not found"}', errors.UpstreamModelNotFound),
        (404, NO_IMAGES, errors.UpstreamRejected),
        (404, NO_PROMPT, errors.UpstreamRejected),
        (400, b'{"object":"error","message":"Invalid model: x","type":"invalid_model"}', errors.UpstreamModelNotFound),
        (400, b'{"error":{"message":"no","code":"model_decommissioned"}}', errors.UpstreamModelNotFound),
        (400, b'{"object":"error","message":"Bad temperature","type":"BadRequestError"}', errors.UpstreamRejected),
        (422, b'{"detail":[{"type":"missing","msg":"Field required"}]}', errors.UpstreamRejected),
        (429, b'[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]', errors.UpstreamRateLimited),
        (429, b'{"message":"Too many requests"}', errors.UpstreamRateLimited),
        (429, b"Too Many Requests", errors.UpstreamRateLimited),
        (500, b'{"error":{"message":"no","code":"insufficient_quota"}}', errors.UpstreamServerError),
        (500, b"<html>" + b"x" * 60_000, errors.UpstreamServerError),
        (
            503,
            b'{"error":"server busy, please try again. maximum pending requests exceeded"}',
            errors.UpstreamOverloaded,
        ),
    ],
)
def test_each_providers_spelling_is_one_kind(status: int, body: bytes, kind: type[UpstreamError]) -> None:
    assert type(from_status(status, {}, body)) is kind


@pytest.mark.parametrize("code", KIND_OF_CODE)
def test_each_code_is_its_kind_whatever_4xx_it_comes_with(code: str) -> None:
    body = b'{"error": {"message": "no", "type": "invalid_request_error", "code": "%s"}}' % code.upper().encode()
    if code == "flagged":
        body = MODERATED

    kinds = {type(from_status(status, {}, body)) for status in (400, 403, 404, 413, 422, 429)}

    assert kinds == {KIND_OF_CODE[code]}


def test_a_quota_that_comes_back_within_a_minute_is_a_rate_limit() -> None:
    body = b'{"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}'

    kinds = [type(from_status(429, headers, body)) for headers in ({"retry-after": "20"}, {"retry-after": "300"}, {})]

    assert kinds == [errors.UpstreamRateLimited, errors.QuotaExceeded, errors.QuotaExceeded]


def test_a_header_goes_before_the_wait_in_the_body() -> None:
    body = b'{"error": {"code": 429, "details": [{"retryDelay": "34s"}]}}'

    waits = [from_status(429, headers, body).retry_after_seconds for headers in ({}, {"retry-after": "2"})]

    assert waits == [34, 2]


@pytest.mark.parametrize("words", ["your credit balance is too low", "incorrect api key provided"])
def test_words_that_a_caller_wrote_and_an_upstream_repeats_harm_nobody(words: str) -> None:
    failure = from_status(400, {}, error(f"Invalid value: '{words}'"))

    assert type(failure) is errors.UpstreamRejected


@pytest.mark.parametrize("body", [b"<html>no</html>", b"no", b"", b'{"error": ', b'"no"'])
def test_only_json_passes_to_a_caller(body: bytes) -> None:
    assert from_status(400, {"content-type": "text/html"}, body).body == b""


def test_json_never_passes_under_the_name_of_a_page() -> None:
    failure = from_status(400, {"content-type": "text/html"}, b'{"error": "<script>"}')

    assert failure.content_type == "application/json"


def test_the_code_that_the_upstream_named_is_kept_if_we_know_it() -> None:
    known = from_status(400, {}, b'{"error": {"code": "context_length_exceeded"}}')
    unknown = from_status(400, {}, b'{"error": {"code": "a_prompt_of_somebody"}}')

    assert known.named_code == "context_length_exceeded"
    assert "context_length_exceeded" in known.message
    assert unknown.named_code == ""
    assert "prompt" not in unknown.message


def test_every_status_in_the_table_is_a_kind_of_the_tree() -> None:
    assert set(BY_STATUS.values()) <= set(every_kind())


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (b'{"type":"overloaded_error","message":"Overloaded"}', errors.UpstreamOverloaded, 503),
        (b'{"code":429,"message":"Rate limited"}', errors.UpstreamRateLimited, 429),
        (b'{"code":"429","message":"Rate limited"}', errors.UpstreamRateLimited, 429),
        (b'{"code":"rate_limit_exceeded","message":"Slow down"}', errors.UpstreamRateLimited, 429),
        (b'{"code":"insufficient_quota","message":"no"}', errors.QuotaExceeded, 429),
        (b'{"code":502,"message":"Provider returned error"}', errors.UpstreamServerError, 502),
        (b'{"type":"api_error","message":"no"}', errors.UpstreamServerError, 502),
        (b'{"code":504,"message":"no"}', errors.UpstreamTimedOut, 504),
        (b'{"type":"authentication_error","message":"no"}', errors.UpstreamAuthFailed, 502),
        (b'{"code":"context_length_exceeded","message":"no"}', errors.ContextLengthExceeded, 400),
        (b'{"code":403,"message":"no","metadata":{"reasons":["x"]}}', errors.ContentFiltered, 403),
        (b'{"code":"invalid_argument","message":"no"}', errors.UpstreamRejected, 400),
        (b'{"message":"prompt is too long: 3 tokens > 2 maximum"}', errors.ContextLengthExceeded, 400),
        (b'{"message":"no"}', errors.ErrorInAnswer, 502),
        (b'"no"', errors.ErrorInAnswer, 502),
        (b'["no"]', errors.ErrorInAnswer, 502),
    ],
)
def test_an_error_inside_a_200_is_what_its_code_stands_for(
    error: bytes, kind: type[UpstreamError], status: int
) -> None:
    body = b'{"error":%s}' % error
    whole, first = of_answer(200, "application/json", body), of_first_events([b"data: %s\n\n" % body])

    for failure in (whole, first):
        assert failure is not None
        assert (type(failure), failure.status, failure.upstream_status) == (kind, status, 200)
        assert failure.body == body


@pytest.mark.parametrize("content_type", ["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml"])
def test_a_page_is_no_answer_whatever_is_in_it(content_type: str) -> None:
    assert type(of_answer(200, content_type, b'{"choices": [{"text": "x"}]}', "completions")) is errors.ProtocolError


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/octet-stream", ""])
def test_good_json_is_an_answer_under_any_other_name(content_type: str) -> None:
    assert of_answer(200, content_type, b'{"choices": [{"message": {"content": "Hi."}}]}') is None


def test_an_empty_answer_keeps_what_it_was() -> None:
    body = b'{"choices": [{"finish_reason": "stop", "message": {"content": ""}}]}'

    failure = of_answer(200, "application/json; charset=utf-8", body)

    assert type(failure) is errors.EmptyAnswer
    assert (failure.status, failure.body, failure.content_type) == (200, body, "application/json; charset=utf-8")


ROLE = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
OVERLOADED = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
PING = b'event: ping\ndata: {"type":"ping"}\n\n'
COMMENT = b": OPENROUTER PROCESSING\n\n"
FAILED = b'event: error\ndata: {"type":"error","code":"server_error","message":"no","param":null}\n\n'


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ([OVERLOADED], errors.UpstreamOverloaded),
        ([COMMENT, PING, ROLE, OVERLOADED], errors.UpstreamOverloaded),
        ([FAILED], errors.UpstreamServerError),
        ([b'data: {"object":"error","message":"no","code":400}\n\n'], errors.UpstreamRejected),
        ([b"event: error\ndata: overloaded\n\n"], errors.ErrorInAnswer),
        ([b"event: error\ndata:\n\n"], errors.ErrorInAnswer),
        ([ROLE], None),
        ([ROLE, WORD, OVERLOADED], None),
        ([], None),
    ],
)
def test_a_stream_may_begin_with_an_error(events: list[bytes], kind: type[UpstreamError] | None) -> None:
    failure = of_first_events(events)

    assert (failure and type(failure)) is kind


@given(st.binary(max_size=40))
def test_any_event_that_is_called_an_error_is_judged(data: bytes) -> None:
    assert of_event(b"event: error\ndata: " + data + b"\n\n").status >= 400


@pytest.mark.parametrize(
    ("finish_reason", "kind"),
    [
        ("stop", errors.EmptyAnswer),
        ("end_turn", errors.EmptyAnswer),
        ("length", None),
        ("content_filter", None),
        ("", errors.Incomplete),
        (None, errors.Incomplete),
    ],
)
def test_a_stream_that_ended_without_a_word_is_empty_or_broken_or_meant(
    finish_reason: str | None, kind: type[UpstreamError] | None
) -> None:
    failure = of_silent_stream(finish_reason)

    assert (failure and type(failure)) is kind
