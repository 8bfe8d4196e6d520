"""What was renamed is one updated row that tells both names, whatever it is, and so is what points at it."""

from typing import Any

import pytest

from gateway.audit.author import Author, Door
from gateway.audit.models import AuditEvent, ConfigRevision
from gateway.audit.recording import recording
from gateway.audit.renames import Renames
from gateway.models import ClientKey
from providers.models import Provider
from routing.models import CustomRoute, PatternAlias
from tests.gateways import saved
from tests.routing.rows import a_model, a_target, an_alias

pytestmark = pytest.mark.django_db
ANNA = Author(user_id=None, name="anna", door=Door.ADMIN, address="192.0.2.1")
Row = tuple[str, str, list[Any]]  # Any: field, old and new


def renamed(row: Any, name: str, field: str = "name") -> ConfigRevision:  # Any: a row of any kind
    """The revision of giving it this name."""
    with recording(ANNA) as recorded:
        setattr(row, field, name)
        saved(row)
    assert recorded.revision is not None
    return recorded.revision


def rows_of(revision: ConfigRevision) -> list[Row]:
    return [(change.deed, f"{change.kind} {change.name}", change.fields) for change in revision.changes.order_by("id")]


def test_an_alias_is_updated_and_its_targets_are_not_told() -> None:
    alias = an_alias("x9", a_model("openai/one"), synonyms=("nine",))

    revision = renamed(alias, "x11")

    assert rows_of(revision) == [("updated", "alias x9", [["name", "x9", "x11"]])]
    assert [row.of_name for row in revision.changes.all()] == ["x11"]
    assert revision.summary == "updated alias x11"


def test_what_was_renamed_and_changed_tells_both() -> None:
    alias = an_alias("x9", a_model("openai/one"))
    alias.description = "new"

    revision = renamed(alias, "x11")

    assert rows_of(revision) == [
        ("updated", "alias x9", [["name", "x9", "x11"], ["description", "nothing", "new"]]),
    ]


def test_a_target_of_another_alias_points_at_the_new_name() -> None:
    fast = an_alias("fast", a_model("openai/one"))
    a_target(an_alias("deep", a_model("openai/two")), fast)

    revision = renamed(fast, "quick")

    assert rows_of(revision) == [
        ("updated", "target deep → fast", [["to_alias", "fast", "quick"]]),
        ("updated", "alias fast", [["name", "fast", "quick"]]),
    ]


def test_a_provider_is_updated_and_so_are_the_targets_at_its_models() -> None:
    an_alias("fast", a_model("openai/one"))

    revision = renamed(Provider.objects.get(), "azure")

    assert rows_of(revision) == [
        ("updated", "provider openai", [["name", "openai", "azure"]]),
        ("updated", "target fast → openai/one", [["provider", "openai", "azure"]]),
    ]


def test_a_model_is_updated_and_so_are_the_targets_at_it() -> None:
    model = a_model("openai/one")
    an_alias("fast", model, a_model("openai/other"))

    revision = renamed(model, "two")

    assert rows_of(revision) == [
        ("updated", "model openai/one", [["name", "one", "two"]]),
        ("updated", "target fast → openai/one", [["model", "one", "two"]]),
    ]


def test_a_provider_and_its_model_may_be_renamed_together() -> None:
    model = a_model("openai/one")
    with recording(ANNA) as recorded:
        for row, name in ((model.provider, "azure"), (model, "two")):
            row.name = name
            saved(row)

    assert recorded.revision is not None
    assert rows_of(recorded.revision) == [
        ("updated", "provider openai", [["name", "openai", "azure"]]),
        ("updated", "model azure/one", [["name", "one", "two"]]),
    ]


def test_a_pattern_is_updated() -> None:
    pattern = saved(PatternAlias(pattern="gpt-*", to_alias=an_alias("fast", a_model())))

    revision = renamed(pattern, "o-*", "pattern")

    assert rows_of(revision) == [("updated", "pattern gpt-*", [["pattern", "gpt-*", "o-*"]])]


def test_a_route_is_updated() -> None:
    route = saved(CustomRoute(path="/one", alias=an_alias("fast", a_model())))

    revision = renamed(route, "/two", "path")

    assert rows_of(revision) == [("updated", "route /one", [["path", "/one", "/two"]])]


def test_a_client_key_is_updated_and_neither_made_nor_revoked() -> None:
    key = ClientKey(name="billing")
    key.make()
    saved(key)

    revision = renamed(key, "invoices")

    assert rows_of(revision) == [("updated", "client key billing", [["name", "billing", "invoices"]])]
    assert not AuditEvent.objects.filter(kind="key revoked").exists()


def test_two_that_swapped_their_names_are_two_updated_rows() -> None:
    one, other = an_alias("one", a_model("openai/one")), an_alias("other", a_model("openai/two"))
    with recording(ANNA):
        pass

    with recording(ANNA) as recorded:
        for alias, name in ((one, "third"), (other, "one"), (one, "other")):
            alias.name = name
            saved(alias)

    assert recorded.revision is not None
    assert rows_of(recorded.revision) == [
        ("updated", "alias other", [["name", "other", "one"]]),
        ("updated", "alias one", [["name", "one", "other"]]),
    ]


def test_a_name_that_was_given_to_another_pairs_by_id() -> None:
    renames = Renames(by_kind={"alias": {"fast": "quick", "slow": "fast"}})

    pairs = renames.pairs("alias", {"fast": 0, "slow": 0, "gone": 0}, {"fast": 0, "quick": 0, "slow": 0})

    assert pairs == [("slow", "fast"), ("gone", ""), ("fast", "quick"), ("", "slow")]
