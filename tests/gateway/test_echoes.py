from gateway.echoes import without_echo, worth_hiding, worth_hiding_in_errors


def test_the_credential_is_blotted_out_wherever_it_stands() -> None:
    body = b'{"error":"Bearer sk-1 is wrong: sk-1"}'

    assert (
        without_echo(body, worth_hiding_in_errors("sk-1", [])) == b'{"error":"Bearer [redacted] is wrong: [redacted]"}'
    )


def test_where_there_is_no_credential_nothing_is_blotted_out() -> None:
    assert without_echo(b"abc", worth_hiding_in_errors("", [])) == b"abc"


def test_an_error_keeps_no_headers_value_but_one_that_is_a_word() -> None:
    hidden = worth_hiding_in_errors("", ["SECRETFOUR4", "true"])

    assert without_echo(b'{"error":"bad header SECRETFOUR4","retry":true}', hidden) == (
        b'{"error":"bad header [redacted]","retry":true}'
    )


def test_a_placeholder_for_a_credential_is_a_word_like_any_other_in_an_answer() -> None:
    assert without_echo(b"ollama is a llama", worth_hiding(["ollama"])) == b"ollama is a llama"
    assert without_echo(b"key sk-0123456789abcdef", worth_hiding(["sk-0123456789abcdef"])) == b"key [redacted]"


def test_an_answer_without_the_credential_is_not_even_copied() -> None:
    body = b"x" * 1000

    assert without_echo(body, worth_hiding(["sk-0123456789abcdef"])) is body


def test_a_secret_that_is_a_part_of_another_leaves_nothing_of_it() -> None:
    key, longer = "sk-0123456789abcdef", "Bearer sk-0123456789abcdef-and-more"

    assert without_echo(longer.encode(), worth_hiding([key, longer, ""])) == b"[redacted]"
