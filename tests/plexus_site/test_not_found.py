"""What a path where nothing is answers: each in its own language."""

import pytest
from django.test import Client

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_client_that_sends_json_gets_the_error_in_json(client: Client) -> None:
    reply = client.post("/foo", {"model": "fast"}, content_type="application/json")

    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/json")
    assert reply.json()["error"]["code"] == "not_found"
    assert "/foo" in reply.json()["error"]["message"]


def test_a_client_that_asks_for_json_gets_the_error_in_json(client: Client) -> None:
    reply = client.get("/foo/bar", headers={"accept": "application/json"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("accept", [BROWSER, "*/*", "text/html, application/json"])
def test_a_browser_gets_a_page(client: Client, accept: str) -> None:
    reply = client.get("/foo", headers={"accept": accept})

    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
