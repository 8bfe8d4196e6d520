"""Which paths lead where."""

import json

import httpx
import pytest

from tests.gateways import RunningGateway
from tests.journeys.raw_http import asked_raw, head

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_endpoint_is_there_with_and_without_v1_and_a_slash_at_the_end(fast: RunningGateway) -> None:
    asked: dict[str, dict[str, object]] = {
        "chat/completions": {"messages": [{"role": "user", "content": "x"}]},
        "completions": {"prompt": "x"},
        "embeddings": {"input": "x"},
    }

    posted = {
        f"{prefix}/{path}{slash}": fast.post(f"{prefix}/{path}{slash}", json={"model": "fast", **body})
        for path, body in asked.items()
        for prefix in ("", "/v1")
        for slash in ("", "/")
    }
    got = {f"{prefix}/models{rest}": fast.get(f"{prefix}/models{rest}") for prefix in ("", "/v1") for rest in ("", "/")}

    assert {path: reply.status_code for path, reply in (posted | got).items()} == dict.fromkeys([*posted, *got], 200)
    assert {seen.path for seen in fast.upstream.seen} == {"/v1/chat/completions", "/v1/completions", "/v1/embeddings"}


def test_a_model_is_found_by_the_rest_of_the_path(fast: RunningGateway) -> None:
    names = {
        "/v1/models/fast": "fast",
        "/models/fast/": "fast",
        "/v1/models/openai/gpt-4o-mini": "openai/gpt-4o-mini",
        "/v1/models/openai%2Fgpt-4o-mini": "openai/gpt-4o-mini",
        "/v1/models/%66ast?x=1": "fast",
        "/v1/models/direct/openai/gpt-4o-mini": "direct/openai/gpt-4o-mini",
    }

    assert {path: fast.get(path).json().get("id") for path in names} == names


def test_a_model_with_any_characters_is_found(gateway: RunningGateway) -> None:
    gateway.model("openai", "meta-llama/llama:free@2?é#1")

    reply = gateway.get("/v1/models/openai/meta-llama/llama:free@2%3F%C3%A9%231")

    assert reply.json()["id"] == "openai/meta-llama/llama:free@2?é#1"


def test_an_unknown_path_of_the_api_is_not_found_in_json(fast: RunningGateway) -> None:
    paths = [
        "/v1",
        "/v1/",
        "/v1/x",
        "/v1/chat",
        "/v1/chat/completions/x",
        "/v1/../admin/",
        "/v1/%2e%2e/admin/",
        "/v1/admin/",
        "/v1//models",
        "/v1/v1/models",
        "/chat",
        "/models/../admin/login/",
        "/v1/livez",
        "/v1/%00",
        "/v1/%ff%fe",
        "/v1/%0d%0aX-Evil:%201",
        "/completions/%F0%9F%98%80",
    ]

    for path in paths:
        reply = asked_raw(fast, head(fast, request_line=f"GET {path} HTTP/1.1"))

        assert reply is not None
        assert (reply.status, reply.headers["content-type"]) == (404, "application/json"), path
        assert reply.error["code"] in ("not_found", "model_not_found")
        assert "x-evil" not in reply.headers


def test_whoever_asks_whether_we_are_there_is_answered(gateway: RunningGateway) -> None:
    reply = gateway.client.head("/")

    assert (reply.status_code, reply.content) == (200, b"")


def test_the_process_says_that_it_lives_and_that_it_is_ready(gateway: RunningGateway) -> None:
    alive, ready = gateway.get("/livez", key=""), gateway.get("/readyz", key="")

    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert ready.status_code == 200
    assert ready.json()["status"] == "ready"
    assert ready.json()["versions"]["client_keys"] >= 1


def test_a_browser_that_comes_to_the_root_is_shown_the_admin(gateway: RunningGateway) -> None:
    reply = gateway.get("/", key="")

    assert (reply.status_code, reply.headers["location"]) == (302, "/admin/")


def test_the_admin_is_no_part_of_the_api_and_needs_a_login(gateway: RunningGateway) -> None:
    with_key = gateway.get("/admin/")

    assert with_key.status_code == 302
    assert with_key.headers["location"].startswith("/admin/login/")


def test_the_api_is_reached_by_its_own_paths_alone(fast: RunningGateway) -> None:
    for path in ("/admin/v1/models", "/admin/chat/completions", "/static/v1/models", "/v2/v1/models"):
        reply = asked_raw(fast, head(fast, request_line=f"GET {path} HTTP/1.1"))

        assert reply is not None
        assert reply.status in (302, 404), path
        assert b'"object":"list"' not in reply.body


def test_a_whole_address_in_the_request_line_leads_to_no_other_place(fast: RunningGateway) -> None:
    body = json.dumps({"model": "fast", "messages": [{"role": "user", "content": "x"}]}).encode()
    line = "POST http://other.example/v1/chat/completions HTTP/1.1"

    reply = asked_raw(fast, head(fast, f"Content-Length: {len(body)}", request_line=line) + body)

    assert reply is not None
    assert reply.status in (200, 400, 404)


def test_every_endpoint_of_the_api_wants_a_key(fast: RunningGateway) -> None:
    def asked(path: str) -> httpx.Response:
        return fast.get(path, key="") if "models" in path else fast.post(path, key="", json={"model": "fast"})

    paths = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models", "/v1/models/fast"]

    assert {path: asked(path).status_code for path in paths} == dict.fromkeys(paths, 401)
