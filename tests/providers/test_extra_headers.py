"""What becomes of the values of extra headers: shown, sealed, kept and opened."""

import pytest

from providers import extra_headers, secrets
from providers.extra_headers import STORED

VAULT = secrets.Vault([secrets.new_key()])
HEADERS = {"X-Team": "red", "HTTP-Referer": "https://example.com", "Helicone-Auth": "$HELICONE_KEY", "X-Empty": ""}


@pytest.mark.parametrize("name", sorted(extra_headers.PUBLIC))
def test_a_well_known_header_without_a_secret_stands_in_clear_however_it_is_written(name: str) -> None:
    assert extra_headers.stands_in_clear(name.title(), "value")


@pytest.mark.parametrize(
    "name", ["X-Team", "helicone-auth", "x-goog-api-key", "x-titles", "http-referer-key", "anthropic", "authorization"]
)
def test_a_value_of_any_other_header_is_a_secret(name: str) -> None:
    assert not extra_headers.stands_in_clear(name, "value")


@pytest.mark.parametrize("value", ["$KEY", "${KEY}", ""])
def test_a_reference_and_nothing_at_all_are_no_secrets(value: str) -> None:
    assert extra_headers.stands_in_clear("X-Team", value)


def test_a_sealed_text_is_hidden_under_any_name() -> None:
    assert not extra_headers.stands_in_clear("X-Title", VAULT.seal("$HOME"))


def test_names_are_shown_and_secret_values_are_not() -> None:
    shown = extra_headers.shown(HEADERS)

    assert shown == HEADERS | {"X-Team": STORED}
    assert [*shown] == sorted(HEADERS)
    assert extra_headers.line({"X-Team": STORED, "Accept": "*"}) == "Accept: *, X-Team: stored"


@pytest.mark.parametrize("headers", [None, ["X-Team"], "X-Team", 5])
def test_what_is_no_mapping_is_passed_over(headers: object) -> None:
    assert extra_headers.shown(headers) == {}
    assert extra_headers.sealed(headers, VAULT) == ({}, set())


def test_a_value_that_is_no_text_is_never_shown() -> None:
    assert extra_headers.shown({"X-Title": ["sk-secret"]}) == {"X-Title": STORED}


def test_secrets_are_sealed_once() -> None:
    first, names = extra_headers.sealed(HEADERS, VAULT)
    second, again = extra_headers.sealed(first, VAULT)

    assert names == {"X-Team"}
    assert VAULT.open(first["X-Team"]) == "red"
    assert {**first, "X-Team": "red"} == HEADERS
    assert (second, again) == (first, set())


def test_what_is_sent_is_opened_and_looked_up() -> None:
    stored, _ = extra_headers.sealed(HEADERS, VAULT)

    opened = extra_headers.opened(stored, VAULT, {"HELICONE_KEY": "Bearer sk-1\n"})

    assert opened == {"X-Team": "red", "Helicone-Auth": "Bearer sk-1"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("$NOT_THERE", "The extra header “X-Team”: The environment variable NOT_THERE is not set"),
        ("$SECRET_KEY", "The extra header “X-Team”: The environment variable SECRET_KEY is a setting of Plexus"),
        ("sealed:nonsense", "The extra header “X-Team”: What is stored cannot be opened."),
    ],
)
def test_a_header_that_cannot_be_opened_is_named(value: str, message: str) -> None:
    with pytest.raises(secrets.CredentialError, match=message):
        extra_headers.opened({"X-Team": value}, VAULT, {"SECRET_KEY": "ours"})


def test_the_same_value_again_stays_as_it_was_sealed() -> None:
    stored, _ = extra_headers.sealed({"X-Team": "red", "X-Other": "blue"}, VAULT)

    entered = extra_headers.entered(stored, {"X-Team": "red", "X-Other": "green"}, [], VAULT)

    assert entered == {"X-Team": stored["X-Team"], "X-Other": "green"}


def test_what_is_kept_keeps_its_value_and_what_is_not_named_goes() -> None:
    stored, _ = extra_headers.sealed({"X-Team": "red", "X-Other": "blue"}, VAULT)

    assert extra_headers.entered(stored, {}, ["X-Team", "X-Nowhere"], VAULT) == {"X-Team": stored["X-Team"]}


def test_a_sealed_text_that_is_typed_is_a_text_like_any_other() -> None:
    stolen = VAULT.seal("a key of another provider")

    entered = extra_headers.entered({}, {"X-Team": stolen}, [], VAULT)

    assert VAULT.open(entered["X-Team"]) == stolen
