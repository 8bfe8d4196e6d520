"""What the path of a custom route may be."""

import pytest

from routing.paths import RESERVED, is_below, objection_among, objection_to_path


@pytest.mark.parametrize(
    "path", ["/openai", "/team/a", "/openai/v1", "/a.b/c-d_e~f", "/administration", "/v1beta", "/0"]
)
def test_a_path_of_plain_parts_is_fine(path: str) -> None:
    assert objection_to_path(path) is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", "invalid_path"),
        ("openai", "invalid_path"),
        ("/", "reserved"),
        ("/openai/", "invalid_path"),
        ("//openai", "invalid_path"),
        ("/team//a", "invalid_path"),
        ("/team/../admin", "invalid_path"),
        ("/./admin", "invalid_path"),
        ("/..", "invalid_path"),
        ("/%61dmin", "invalid_path"),
        ("/OpenAI", "invalid_path"),
        ("/Admin", "invalid_path"),
        ("/ADMIN/x", "invalid_path"),
        ("/tea m", "invalid_path"),
        ("/team?x=1", "invalid_path"),
        ("/team#x", "invalid_path"),
        ("/team\\a", "invalid_path"),
        ("/team\n", "invalid_path"),
        ("/team\0", "invalid_path"),
        ("/équipe", "invalid_path"),
        ("/ａdmin", "invalid_path"),
        ("/.well-known", "invalid_path"),
        ("/admin", "reserved"),
        ("/admin/login", "reserved"),
        ("/api/v1/mine", "reserved"),
        ("/v1", "reserved"),
        ("/v1/openai", "reserved"),
        ("/chat/completions", "reserved"),
        ("/models", "reserved"),
        ("/livez", "reserved"),
        ("/readyz", "reserved"),
        ("/metrics", "reserved"),
        ("/static/x", "reserved"),
    ],
)
def test_any_other_path_is_refused_with_its_reason(path: str, code: str) -> None:
    objection = objection_to_path(path)

    assert objection is not None
    assert objection[0] == code


@pytest.mark.parametrize("first", sorted(RESERVED))
def test_nothing_stands_at_or_below_what_is_ours(first: str) -> None:
    assert objection_to_path(f"/{first}") is not None
    assert objection_to_path(f"/{first}/below") is not None


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/team", "/team"),
        ("/team/v1", "/team"),
        ("/team/v1/chat/completions", "/team"),
        ("/team/models", "/team"),
        ("/team", "/team/chat/completions"),
    ],
)
def test_two_routes_may_not_both_answer_at_one_path(path: str, other: str) -> None:
    objection = objection_among(path, ["/elsewhere", other])

    assert objection is not None
    assert objection[0] == "taken"


@pytest.mark.parametrize(("path", "other"), [("/team/a", "/team"), ("/teams", "/team"), ("/team", "/team/a/models")])
def test_a_longer_path_may_stand_below_another(path: str, other: str) -> None:
    assert objection_among(path, [other]) is None


def test_a_path_is_below_another_at_a_slash_only() -> None:
    assert is_below("/team/a", "/team")
    assert is_below("/team", "/team")
    assert not is_below("/teams", "/team")
