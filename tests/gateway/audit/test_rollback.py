"""A rollback makes the document of a revision valid again, exactly, and leaves secrets and client keys as they are."""

import zlib
from importlib import import_module
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction

from gateway.audit import store
from gateway.audit.author import Author, Door
from gateway.audit.models import ConfigRevision
from gateway.audit.recording import recording
from gateway.audit.rollback import preview, roll_back
from gateway.audit.store import contents_now, newest
from gateway.interchange import plexus, snapshot
from gateway.interchange.difference import lines
from gateway.models import ClientKey
from providers.models import Provider
from routing.models import Alias
from tests.gateways import saved
from tests.routing.rows import a_model, a_provider, a_target, an_alias

pytestmark = pytest.mark.django_db
ANNA = Author(user_id=None, name="anna", door=Door.ADMIN, address="192.0.2.1", note="it was better before")


def text_now() -> str:
    return plexus.write(snapshot.current())


def recorded_now() -> ConfigRevision:
    """The revision of what there is."""
    with recording(ANNA):
        pass
    revision = newest()
    assert revision is not None
    return revision


def test_a_rollback_is_exact_and_a_revision_of_its_own() -> None:
    alias = an_alias("fast", a_model("openai/one"), a_model("openai/two"), synonyms=("quick",))
    then, text = recorded_now(), text_now()
    alias.delete()
    an_alias("slow", a_model("azure/three"))
    recorded_now()

    difference = roll_back(then, ANNA)

    assert difference.was_applied
    assert text_now() == text
    revision = newest()
    assert revision is not None
    assert (revision.number, revision.rolled_back_to, revision.author_name) == (3, 1, "anna")
    assert revision.summary.startswith("created alias fast")


def test_what_was_changed_outside_can_be_rolled_back_to_and_from() -> None:
    an_alias("fast", a_model("openai/one"))
    then, text = recorded_now(), text_now()
    Alias.objects.update(name="slow")

    roll_back(then, ANNA)

    assert text_now() == text
    assert [revision.door for revision in ConfigRevision.objects.all()] == ["admin", "outside", "outside"]


def test_a_stored_key_stays_that_of_now() -> None:
    provider = a_provider("openai", credential="sk-first")
    then = recorded_now()
    provider.credential = "sk-second"
    provider.display_name = "Another"
    saved(provider)
    sealed = Provider.objects.get().credential

    roll_back(then, ANNA)

    assert Provider.objects.get().credential == sealed
    assert Provider.objects.get().display_name == ""


def test_a_key_of_a_provider_that_is_gone_is_not_brought_back() -> None:
    provider = a_provider("openai", credential="sk-first")
    then = recorded_now()
    provider.delete()

    difference = roll_back(then, ANNA)

    assert Provider.objects.get().credential == ""
    assert [str(finding) for finding in difference.findings] == [
        "provider openai: The provider “openai” has no key. Name the environment variable that holds it, or type it in the admin."
    ]


def test_what_stands_in_the_way_is_told_with_the_name_of_the_alias() -> None:
    alias = an_alias("fast")
    a_target(alias, a_model("openai/one"), weight=60)
    Alias.objects.update(weight_mode=Alias.WeightMode.PERCENT)
    then = recorded_now()
    Alias.objects.update(weight_mode=Alias.WeightMode.RELATIVE)
    recorded_now()

    difference = preview(then).difference

    assert difference.is_refused
    assert [finding.place.path for finding in difference.findings if "60, not 100" in finding.message] == ["alias fast"]


def test_client_keys_stay_as_they_are() -> None:
    an_alias("fast", a_model("openai/one"))
    then = recorded_now()
    key = ClientKey(name="billing")
    key.make()
    saved(key)

    roll_back(then, ANNA)

    assert ClientKey.objects.get().digest == key.digest


def test_what_was_renamed_gets_its_name_back_and_keys_keep_it() -> None:
    alias = an_alias("fast", a_model("openai/one"))
    then, text = recorded_now(), text_now()
    key = ClientKey(name="billing", access=ClientKey.Access.LISTED)
    key.make()
    saved(key)
    key.allowed_aliases.add(alias)
    alias.name = "quick"
    saved(alias)

    roll_back(then, ANNA)

    assert text_now() == text
    assert [row.name for row in key.allowed_aliases.all()] == ["fast"]


def test_a_rollback_over_a_rename_says_so_before_and_after() -> None:
    alias = an_alias("x9", a_model("openai/one"))
    then = recorded_now()
    alias.name = "x11"
    saved(alias)

    seen, done = preview(then), roll_back(then, ANNA)

    assert list(lines(done.changes)) == ["~ alias x11", "    name: x11 → x9"]
    assert tuple(row.change for row in seen.rows) == seen.difference.changes == done.changes
    assert (seen.difference.was_applied, done.was_applied) == (False, True)


def test_a_rollback_whose_old_name_was_taken_says_what_it_really_does() -> None:
    model = a_model("openai/one")
    alias = an_alias("fast", model)
    then, text = recorded_now(), text_now()
    alias.name = "quick"
    saved(alias)
    an_alias("fast", model)

    seen, done = preview(then), roll_back(then, ANNA)

    assert [line for line in lines(done.changes) if "alias" in line] == ["- alias quick"]
    assert seen.difference.changes == done.changes
    assert text_now() == text


def test_one_that_got_its_name_back_makes_room_for_another() -> None:
    one, other = an_alias("one", a_model("openai/one")), an_alias("other", a_model("openai/two"))
    then = recorded_now()
    for alias, name in ((other, "third"), (one, "other")):
        alias.name = name
        saved(alias)

    done = roll_back(then, ANNA)

    assert list(lines(done.changes)) == [
        *("~ alias other", "    name: other → one"),
        *("~ alias third", "    name: third → other"),
    ]
    assert dict(Alias.objects.values_list("pk", "name")) == {one.pk: "one", other.pk: "other"}


def test_a_model_that_was_renamed_gets_its_name_back_and_keys_keep_it() -> None:
    model = a_model("openai/one")
    an_alias("fast", model)
    then, text = recorded_now(), text_now()
    key = ClientKey(name="billing", access=ClientKey.Access.LISTED)
    key.make()
    saved(key)
    key.allowed_models.add(model)
    model.name = "two"
    saved(model)

    roll_back(then, ANNA)

    assert text_now() == text
    assert [str(row) for row in key.allowed_models.all()] == ["openai/one"]


def test_two_that_swapped_their_names_swap_them_back() -> None:
    one, other = an_alias("one", a_model("openai/one")), an_alias("other", a_model("openai/two"))
    then, text = recorded_now(), text_now()
    for alias, name in ((one, "third"), (other, "one"), (one, "other")):
        alias.name = name
        saved(alias)

    roll_back(then, ANNA)

    assert text_now() == text


def test_a_preview_says_what_would_change_and_changes_nothing() -> None:
    alias = an_alias("fast", a_model("openai/one"))
    then = recorded_now()
    key = ClientKey(name="billing", access=ClientKey.Access.LISTED)
    key.make()
    saved(key)
    other = an_alias("other", a_model("openai/two"))
    key.allowed_aliases.add(other)
    a_target(alias, other)
    text = text_now()

    seen = preview(then)

    assert [str(row.change) for row in seen.rows] == [
        "model openai/two",
        "target fast → other",
        "alias other",
        "target other → openai/two",
    ]
    assert "The client key “billing” lists “other”, which is deleted" in " ".join(map(str, seen.difference.findings))
    assert text_now() == text


def test_a_refused_rollback_changes_nothing_and_says_why() -> None:
    provider = a_provider("openai", credential="sk-first")
    then = recorded_now()
    provider.credential = "sk-second"
    endpoint = provider.endpoints.get()
    endpoint.base_url = "https://elsewhere.example.com/v1"
    endpoint.provider = provider
    saved(provider)
    provider.credential_was_entered = True
    saved(endpoint)
    text, before = text_now(), recorded_now().number

    difference = roll_back(then, ANNA)

    assert difference.is_refused
    assert "has not gone to this host so far" in str(difference.findings[0])
    assert text_now() == text
    assert recorded_now().number == before


def test_a_rollback_to_what_is_there_changes_nothing() -> None:
    an_alias("fast", a_model("openai/one"))
    then = recorded_now()

    assert roll_back(then, ANNA).changes == ()
    assert ConfigRevision.objects.count() == 1


def test_the_values_of_headers_stay_those_of_now() -> None:
    provider = a_provider("openai", extra_headers={"X-Team": "first", "X-Title": "one"})
    then, text = recorded_now(), text_now()
    provider.extra_headers = {"X-Team": "second", "X-Title": "two", "X-Late": "third"}
    saved(provider)
    sealed = Provider.objects.get().extra_headers["X-Team"]

    roll_back(then, ANNA)

    assert Provider.objects.get().extra_headers == {"X-Team": sealed, "X-Title": "one"}
    assert text_now() == text


def test_a_value_that_is_gone_is_not_brought_back_and_said_to_be_missing() -> None:
    provider = a_provider("openai", extra_headers={"X-Team": "first"})
    then = recorded_now()
    provider.extra_headers = {}
    saved(provider)

    difference = roll_back(then, ANNA)

    assert difference.was_applied
    assert Provider.objects.get().extra_headers == {}
    assert "No value of the header “X-Team” is stored with “openai”" in " ".join(map(str, difference.findings))


@pytest.mark.django_db(transaction=True)
def test_values_that_older_revisions_hold_are_taken_out_of_them_and_those_are_as_good_as_before() -> None:
    migration: Any = import_module("gateway.migrations.0007_no_header_values_in_revisions")  # Any: it has no types
    provider = a_provider("openai", extra_headers={"X-Team": "first", "X-Title": "one"})
    contents = contents_now()
    entries = {kind: dict(rows) for kind, rows in contents.entries.items()}
    entries["provider"]["openai"] = msgspec.Raw(
        bytes(entries["provider"]["openai"])
        .replace(b'"kept_headers":["X-Team"],', b"")
        .replace(b'{"X-Title"', b'{"X-Team":"sk-first","X-Title"')
    )
    store.write_revision(ANNA, msgspec.structs.replace(contents, entries=entries), [], None)
    store.note_recorded(store.versions()[0])
    held = b"sk-first" in zlib.decompress(ConfigRevision.objects.get().packed)

    with connection.schema_editor() as editor:
        migration.take_out(apps, editor)

    revision = ConfigRevision.objects.get()
    assert held
    assert b"sk-first" not in zlib.decompress(revision.packed)
    assert plexus.write(store.contents_of_revision(revision).document) == text_now()
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        ConfigRevision._base_manager.filter(pk=revision.pk).update(number=9)
    provider.display_name = "Another"
    saved(provider)
    assert roll_back(revision, ANNA).was_applied
    assert text_now() == plexus.write(store.contents_of_revision(revision).document)
