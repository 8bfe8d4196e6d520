"""Filters of lists that know a closed set of words: any other word is refused, since an empty list looks like an answer."""

import pytest

from gateway.audit.comparison import kinds
from tests.gateway.api.asking import Asking, an_administrator, openai

pytestmark = pytest.mark.django_db

CLOSED = {
    ("revisions", "kind"): "client key",
    ("revisions", "door"): "file",
    ("events", "kind"): "login failed",
    ("events", "door"): "command",
    ("requests", "outcome"): "interrupted",
    ("requests", "api_type"): "embeddings",
    ("providers", "api_type"): "responses",
}
"""List and parameter -> a word that it knows."""


@pytest.fixture
def api() -> Asking:
    return an_administrator()


@pytest.mark.parametrize(("listed", "name"), CLOSED)
def test_a_word_outside_a_closed_set_is_refused_with_those_inside(api: Asking, listed: str, name: str) -> None:
    reply = api.get(f"{listed}?{name}=bogus")

    assert reply.status_code == 400
    (wrong,) = reply.json()["errors"]
    assert (wrong["pointer"], wrong["code"]) == (f"?{name}", "invalid_choice")
    assert wrong["message"].startswith("Known are: ")
    assert CLOSED[listed, name] in wrong["message"].removeprefix("Known are: ").rstrip(".").split(", ")


@pytest.mark.parametrize(("listed", "name"), CLOSED)
def test_a_word_of_a_closed_set_is_a_filter(api: Asking, listed: str, name: str) -> None:
    assert api.get(f"{listed}?{name}={CLOSED[listed, name]}").status_code == 200


@pytest.mark.parametrize("export", ["requests.csv", "requests.jsonl"])
def test_an_export_refuses_what_its_list_refuses(api: Asking, export: str) -> None:
    assert api.get(f"{export}?api_type=bogus").status_code == 400


def test_every_kind_that_a_revision_can_tell_of_is_known(api: Asking) -> None:
    openai("gpt-4o")
    api.send("POST", "keys", {"name": "billing"})

    found = {kind: len(api.get(f"revisions?kind={kind}").json()["results"]) for kind in kinds()}

    assert found["client key"] == 1
    assert found.keys() == {"provider", "alias", "pattern", "route", "client key"}
