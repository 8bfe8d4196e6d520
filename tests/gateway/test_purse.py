from collections.abc import Callable
from typing import Any

import pytest

from gateway.prepared import Limits
from gateway.purse import Purse
from providers.extra_headers import opened
from providers.secrets import MissingCredential, Vault, new_key
from routing.table import RoutingTable, Upstream

LIMITS = Limits(
    connect_seconds=3,
    first_byte_seconds=60,
    idle_seconds=60,
    semantic_idle_seconds=180,
    answer_seconds=300,
    stream_seconds=3600,
)
VAULT = Vault([new_key()])
UPSTREAM = Upstream(key="a/b", provider="a", model="b", urls={}, credential="$A_KEY")


def a_purse(resolve: Callable[[str, str], str]) -> Purse:
    return Purse(
        table=RoutingTable(),
        limits=LIMITS,
        resolve=resolve,
        open_headers=lambda headers: opened(headers, VAULT, {"TEAM_KEY": "sk-team-0123456789"}),
    )


def nobody_knows(auth: str, credential: str) -> str:
    raise MissingCredential(f"The environment variable {credential[1:]} is not set.")


def test_an_upstream_is_made_ready_once() -> None:
    asked: list[str] = []
    purse = a_purse(lambda auth, credential: asked.append(credential) or "secret")  # type: ignore[func-returns-value]  # append gives None

    assert purse.prepared(UPSTREAM) is purse.prepared(UPSTREAM)
    assert asked == ["$A_KEY"]


def test_an_upstream_without_a_credential_is_objected_to_with_the_reason() -> None:
    purse = a_purse(nobody_knows)

    assert purse.objection(UPSTREAM) == "The environment variable A_KEY is not set."
    assert a_purse(lambda auth, credential: "secret").objection(UPSTREAM) is None


@pytest.mark.parametrize(
    "headers", [{"x-n": 5}, {"x-n": None}, ["x-n"], "x-n", {"x-é": "1"}, {"x-n": "€"}, {"x-n": "a\nb"}]
)
def test_headers_that_no_form_would_take_are_an_objection_and_no_crash(headers: Any) -> None:
    purse = a_purse(lambda auth, credential: "secret")

    objection = purse.objection(Upstream(key="a/b", provider="a", model="b", urls={}, headers=headers))

    assert objection is not None
    assert "The extra headers or limits of the provider “a”" in objection


def test_no_secret_is_shown_where_the_purse_is_printed() -> None:
    purse = a_purse(lambda auth, credential: "the-secret")
    purse.prepared(UPSTREAM)

    assert "the-secret" not in repr(purse)


def test_extra_headers_are_opened_once_and_sent_as_they_were_meant() -> None:
    headers = {"X-Sealed": VAULT.seal("sk-sealed-0123456789"), "X-Named": "$TEAM_KEY", "X-Title": "plexus"}
    purse = a_purse(lambda auth, credential: "secret")

    prepared = purse.prepared(Upstream(key="a/b", provider="a", model="b", urls={}, headers=headers))

    sent = dict(prepared.headers.pairs)
    assert sent[b"x-sealed"] == b"sk-sealed-0123456789"
    assert (sent[b"x-named"], sent[b"x-title"]) == (b"sk-team-0123456789", b"plexus")
    assert set(prepared.secrets) == {b"sk-sealed-0123456789", b"sk-team-0123456789"}
    assert "sk-" not in repr(prepared)


@pytest.mark.parametrize("value", ["$NOBODY_SET_THIS", "sealed:nonsense"])
def test_a_header_that_cannot_be_opened_is_an_objection_that_names_it(value: str) -> None:
    purse = a_purse(lambda auth, credential: "secret")

    objection = purse.objection(Upstream(key="a/b", provider="a", model="b", urls={}, headers={"X-Team": value}))

    assert objection is not None
    assert objection.startswith("The extra header “X-Team”: ")
