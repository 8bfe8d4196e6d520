"""What a caller said, and what it was told."""

import httpx

JSON = {"content-type": "application/json"}
CHAT = "/v1/chat/completions"
MESSAGES = b'"messages":[{"role":"user","content":"x"}]'
GOOD = b'{"model":"fast",' + MESSAGES + b"}"


def told(reply: httpx.Response) -> tuple[int, str | None, str | None]:
    """Status, code and parameter of an error, whose shape is OpenAI's."""
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"]
    assert list(reply.json()) == ["error"]
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert error["type"]
    return reply.status_code, error["code"], error["param"]
