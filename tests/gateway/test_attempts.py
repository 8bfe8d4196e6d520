from gateway.attempts import without_secret


def test_the_credential_is_blotted_out_wherever_it_stands() -> None:
    body = b'{"error":"Bearer sk-1 is wrong: sk-1"}'

    assert without_secret(body, b"sk-1") == b'{"error":"Bearer [redacted] is wrong: [redacted]"}'


def test_where_there_is_no_credential_nothing_is_blotted_out() -> None:
    assert without_secret(b"abc", b"") == b"abc"
