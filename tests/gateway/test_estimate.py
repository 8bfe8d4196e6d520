from gateway.estimate import USUAL_OUTPUT_TOKENS, expected_usage


def test_a_request_is_expected_to_use_what_it_is_long_and_what_it_allows() -> None:
    usage = expected_usage(b'{"max_tokens":50,"messages":[]}' + b" " * 369)

    assert (usage.input_tokens, usage.output_tokens) == (100, 50)


def test_where_nothing_is_allowed_expressly_a_usual_length_is_expected() -> None:
    assert expected_usage(b'{"max_tokens":"many"}').output_tokens == USUAL_OUTPUT_TOKENS
    assert expected_usage(b"{").output_tokens == USUAL_OUTPUT_TOKENS
