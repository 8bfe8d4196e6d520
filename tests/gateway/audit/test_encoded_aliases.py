"""Aliases straight from the database are, to the byte, what entries of them are."""

import pytest

from gateway.audit.entries import encoded
from gateway.audit.store.aliases import encoded_aliases
from gateway.interchange import snapshot
from routing.models import Alias, Synonym, Target
from tests.routing.rows import a_model, a_target, an_alias

pytestmark = pytest.mark.django_db


def test_every_field_of_an_alias_and_a_target_is_encoded_as_an_entry_is() -> None:
    plain = an_alias("plain", a_model("openai/one"))
    rich = an_alias(
        "rich",
        a_model("openai/two"),
        synonyms=("zulu", "alpha"),
        description="“quoted” \n é",
        enabled=False,
        listed=False,
        selector="in_order",
        answer_model="requested",
        max_attempts=2,
        stream_mode="buffered",
        sticky="session",
        sticky_seconds=60,
        hedge_percentile=90,
        hedge_budget_percent=7,
    )
    a_target(
        *(rich, a_model("azure/three")),
        weight=3,
        tier=2,
        position=-0,
        enabled=False,
        endpoint="https://own.example.com/v1",
        conditions=["timeout", "rate_limited"],
        first_byte_timeout_seconds=1.5,
    )
    a_target(rich, plain, tier=1)
    an_alias("empty")
    assert (Alias.objects.count(), Synonym.objects.count(), Target.objects.count()) == (3, 2, 4)

    found = encoded_aliases()

    entries = snapshot.current().aliases
    assert list(found) == [entry.name for entry in entries]
    assert {name: bytes(text) for name, text in found.items()} == {entry.name: encoded(entry) for entry in entries}
