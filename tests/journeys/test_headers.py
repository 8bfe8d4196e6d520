"""Which headers pass, in which direction."""

import pytest

from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)

FORBIDDEN_UPSTREAM = {
    "Cookie": "session=caller",
    "Proxy-Authorization": "Basic caller",
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Host": "caller.example",
    "Forwarded": "for=203.0.113.7",
    "X-Real-IP": "203.0.113.7",
    "X-Goog-Api-Key": "caller",
    "Anthropic-Api-Key": "caller",
    "OpenAI-Organization": "caller",
    "Origin": "https://caller.example",
    "Referer": "https://caller.example",
    "X-Request-Id": "caller",
    "X-Stainless-Lang": "python",
    "TE": "trailers",
    "X_Api_Key": "caller",
    "Idempotency-Key": "caller",
}
FORWARDED = {
    "Accept": "application/json; caller",
    "OpenAI-Beta": "assistants=v2",
    "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "Tracestate": "caller=1",
}


def sent(gateway: RunningGateway) -> dict[str, str]:
    """The headers of the last request upstream, lower-case; each name once."""
    headers = [(name.lower(), value) for name, value in gateway.upstream.last.headers]
    assert len(dict(headers)) == len(headers)
    return dict(headers)


def test_only_the_headers_on_the_list_reach_the_upstream(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}

    reply = gateway.post("/v1/chat/completions", json=body, headers={**FORBIDDEN_UPSTREAM, **FORWARDED})

    assert reply.status_code == 200
    assert sent(gateway) == {
        "host": gateway.upstream.url.split("/")[2],
        "content-length": str(len(gateway.upstream.last.body)),
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": "plexus",
        "authorization": "Bearer sk-openai-secret",
        **{name.lower(): value for name, value in FORWARDED.items()},
    }


def test_a_header_that_the_connection_header_names_gets_no_further_for_it(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}

    gateway.post("/v1/chat/completions", json=body, headers={"Connection": "authorization, close, x-api-key"})

    assert sent(gateway)["authorization"] == "Bearer sk-openai-secret"


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"auth": "bearer"}, {"authorization": "Bearer sk-house"}),
        ({"auth": "x-api-key"}, {"x-api-key": "sk-house"}),
        ({"auth": "header", "auth_header": "Api-Key"}, {"api-key": "sk-house"}),
        ({"auth": "none"}, {}),
    ],
)
def test_the_providers_credential_goes_where_its_authentication_says(
    gateway: RunningGateway, auth: dict[str, str], expected: dict[str, str]
) -> None:
    house = gateway.provider("house", credential="sk-house", **auth)
    gateway.alias("fast", gateway.model(house, "gpt-4o-mini"))

    gateway.ask("fast")

    names = {"authorization", "x-api-key", "api-key"}
    assert {name: value for name, value in sent(gateway).items() if name in names} == expected


def test_a_credential_may_stand_in_the_environment(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_KEY", "sk-from-the-environment")
    house = gateway.provider("house", credential="$HOUSE_KEY")
    gateway.alias("fast", gateway.model(house, "gpt-4o-mini"))

    gateway.ask("fast")

    assert sent(gateway)["authorization"] == "Bearer sk-from-the-environment"


def test_the_providers_extra_headers_go_with_every_request(gateway: RunningGateway) -> None:
    extra = {"HTTP-Referer": "https://plexus.example", "User-Agent": "our house"}
    house = gateway.provider("house", extra_headers=extra)
    gateway.alias("fast", gateway.model(house, "gpt-4o-mini"))

    gateway.ask("fast")

    assert sent(gateway)["http-referer"] == "https://plexus.example"
    assert sent(gateway)["user-agent"] == "our house"


def test_extra_headers_that_are_secrets_are_sent_as_they_were_meant(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_KEY", "sk-from-the-environment")
    house = gateway.provider("house", extra_headers={"X-Sealed": "Bearer sk-sealed", "X-Named": "$TEAM_KEY"})
    gateway.alias("fast", gateway.model(house, "gpt-4o-mini"))

    gateway.ask("fast")

    assert sent(gateway)["x-sealed"] == "Bearer sk-sealed"
    assert sent(gateway)["x-named"] == "sk-from-the-environment"


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_tells_its_way_and_nothing_of_the_upstreams_headers(gateway: RunningGateway, stream: bool) -> None:
    gateway.alias("fast", gateway.model("openai", "set-cookie"))

    reply = gateway.ask("fast", stream=stream)

    own = {name: value for name, value in reply.headers.items() if name not in ("date", "server", "content-length")}
    own.pop("transfer-encoding", None)
    assert own.pop("x-request-id") == str(gateway.row(reply).pk)
    assert own.pop("content-type").startswith("application/json")
    assert own == {
        "x-plexus-provider": "openai",
        "x-plexus-model": "set-cookie",
        "x-plexus-alias": "fast",
        "x-plexus-attempts": "1",
    }


def test_a_failure_tells_its_way_too(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "status-500"))

    failed = gateway.ask("fast")
    refused = gateway.ask("nothing")

    assert failed.headers["x-plexus-provider"] == "openai"
    assert failed.headers["x-plexus-model"] == "status-500"
    assert failed.headers["x-plexus-alias"] == "fast"
    assert failed.headers["x-plexus-attempts"] == "2", "nobody else is left, so it is asked again"
    assert refused.headers["x-request-id"] != failed.headers["x-request-id"]
    assert "x-plexus-provider" not in refused.headers


def test_a_model_asked_for_directly_has_no_alias(gateway: RunningGateway) -> None:
    gateway.model("openai", "gpt-4o-mini")

    reply = gateway.ask("openai/gpt-4o-mini")

    assert reply.headers["x-plexus-alias"] == ""


def test_an_odd_name_is_encoded_in_a_header(gateway: RunningGateway) -> None:
    gateway.alias("odd", gateway.model("openai", "модель/é%0d%0a:free@2"))

    reply = gateway.ask("odd")

    shown = "%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C/%C3%A9%250d%250a:free@2"
    assert reply.headers["x-plexus-model"] == shown
    assert '"модель/é%0d%0a:free@2"'.encode() in gateway.upstream.last.body


def test_a_key_that_the_upstream_repeats_in_its_error_is_blotted_out(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "echo-key"))

    reply = gateway.ask("fast")

    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "Your headers cannot be read: Bearer [redacted]."


def test_a_header_that_the_upstream_repeats_in_its_error_is_blotted_out(gateway: RunningGateway) -> None:
    house = gateway.provider("house", extra_headers={"X-Team-Key": "sk-team-0123456789abcdef"})
    gateway.alias("fast", gateway.model(house, "echo-team"))

    reply = gateway.ask("fast")

    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "Your headers cannot be read: [redacted]."
