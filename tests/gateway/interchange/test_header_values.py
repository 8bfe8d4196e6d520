"""Values of extra headers in files: `$NAME`, `{value: kept}`, or well-known and in clear."""

from typing import Any

import pytest

from gateway.interchange import litellm, plexus
from gateway.interchange.difference import lines
from gateway.interchange.document import ABSENT
from gateway.interchange.findings import Kind
from providers.models import Provider, vault
from tests.gateway.interchange.importing import exported, import_text, refusals, warnings
from tests.gateways import saved

pytestmark = pytest.mark.django_db
HEADERS = {"X-Team": "sk-secret", "HTTP-Referer": "https://example.com", "Helicone-Auth": "$HELICONE_KEY"}
WRITTEN = """\
    extraHeaders:
      HTTP-Referer: https://example.com
      Helicone-Auth: $HELICONE_KEY
      X-Team:
        value: kept
"""


def stored() -> dict[str, str]:
    headers: dict[str, str] = Provider.objects.get().extra_headers
    return headers


def document(headers: str) -> str:
    urls = "{chat: 'https://p.example.com/v1'}"
    return f"providers: [{{name: p, baseUrls: {urls}, auth: {{type: none}}, extraHeaders: {headers}}}]\nmodels: []"


def said_of(headers: str) -> list[tuple[Kind, str]]:
    return [(finding.kind, str(finding)) for finding in plexus.read(document(headers)).findings]


def test_an_export_names_every_header_and_holds_no_secret() -> None:
    saved(Provider(name="p", auth="none", extra_headers=HEADERS))

    text = exported()

    assert WRITTEN in text
    assert "sk-secret" not in text
    assert "sealed:" not in text


@pytest.mark.parametrize("prune", [False, True])
def test_what_is_kept_stays_and_the_export_is_the_same(prune: bool) -> None:
    saved(Provider(name="p", auth="none", extra_headers=HEADERS))
    text, before = exported(), stored()

    difference = import_text(text, prune=prune)

    assert difference.changes == ()
    assert stored() == before
    assert exported() == text


def test_what_is_kept_and_nowhere_stored_is_left_out_and_said() -> None:
    difference = import_text(document("{X-Team: {value: kept}}"))

    assert stored() == {}
    (warning,) = warnings(difference)
    assert warning.startswith("providers[0].extraHeaders (line 1): No value of the header “X-Team” is stored with “p”")


def test_a_value_in_a_file_is_sealed_and_the_same_file_again_changes_nothing() -> None:
    text = document("{X-Team: sk-secret}")

    first, second = import_text(text), import_text(text)

    assert vault().open(stored()["X-Team"]) == "sk-secret"
    assert "    extra_headers: X-Team: stored" in lines(first.changes)
    assert second.changes == ()


def test_another_value_is_a_change_that_shows_neither() -> None:
    import_text(document("{X-Team: sk-secret}"))

    difference = import_text(document("{X-Team: sk-other}"))

    assert list(lines(difference.changes)) == [
        "~ provider p",
        "    extra_headers: X-Team: stored → X-Team: stored, changed",
    ]
    assert vault().open(stored()["X-Team"]) == "sk-other"


def test_a_header_that_the_file_does_not_name_goes() -> None:
    import_text(document("{X-Team: sk-secret, X-Other: blue}"))

    import_text(document("{X-Team: {value: kept}}"))

    assert [*stored()] == ["X-Team"]


def test_a_word_like_the_placeholder_is_a_value_like_any_other() -> None:
    import_text(document("{X-Team: kept, X-Title: kept}"))

    assert vault().open(stored()["X-Team"]) == "kept"
    assert stored()["X-Title"] == "kept"


def test_a_value_that_looks_like_a_key_is_warned_of_without_it() -> None:
    said = said_of("{X-Team: red, Helicone-Auth: sk-secret, Other-Auth: $NAME, X-Title: plexus}")

    ((kind, warning),) = said
    assert kind is Kind.WARNING
    assert warning.startswith("providers[0].extraHeaders.Helicone-Auth (line 1): Whoever has this file has this value.")
    assert "sk-secret" not in warning


@pytest.mark.parametrize("value", ["{value: sk-secret}", "{valeu: kept}", "{}", "{value: [sk-secret]}", "[sk-secret]"])
def test_anything_else_in_the_place_of_a_value_is_refused_and_not_repeated(value: str) -> None:
    said = said_of(f"{{X-Team: {value}}}")

    assert Kind.REFUSED in {kind for kind, _ in said}
    assert "sk-secret" not in str(said)


def test_a_variable_that_is_not_set_is_a_warning() -> None:
    difference = import_text(document("{X-Team: $TEAM_KEY}"), environment={})

    assert warnings(difference) == [
        "providers[0].extraHeaders (line 1): The environment variable TEAM_KEY is not set here."
    ]


def test_a_stored_value_does_not_follow_a_file_to_another_host() -> None:
    import_text(document("{X-Team: sk-secret}"))
    moved = document("{X-Team: {value: kept}}").replace("p.example.com", "evil.example.com")

    assert "The stored header “X-Team” of “p” has not gone to this host" in refusals(import_text(moved))[0]
    assert import_text(moved.replace("{value: kept}", "$TEAM_KEY")).was_applied


@pytest.mark.parametrize(
    ("written", "headers"),
    [
        ("{X-Team: red, X-Key: os.environ/THEIR_KEY}", {"X-Team": "red", "X-Key": "$THEIR_KEY"}),
        ("{Helicone-Auth: sk-secret, X-Key: os.environ/SECRET_KEY, authorization: os.environ/THEIR_KEY}", ABSENT),
    ],
)
def test_of_another_gateways_file_variables_are_kept_and_keys_are_not_read(written: str, headers: Any) -> None:
    params = f"{{model: openai/a, api_key: os.environ/K, extra_headers: {written}}}"

    reading = litellm.read(f"model_list: [{{model_name: a, litellm_params: {params}}}]")

    assert reading.document.providers[0].extra_headers == headers
    assert "sk-secret" not in repr(reading)
