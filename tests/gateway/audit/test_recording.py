"""A turn at the configuration leaves a revision of what it changed, by whom, and nothing when it changed nothing."""

from typing import Any

import pytest
from django.db import Error, connection, transaction

from gateway.audit import store
from gateway.audit.author import Author, Door
from gateway.audit.models import AuditEvent, ConfigChange, ConfigRevision, NeverChanged
from gateway.audit.recording import record_what_was_changed_outside, recording
from gateway.audit.since import since
from gateway.audit.stamps import stamp_of
from gateway.interchange import plexus, snapshot
from gateway.models import ClientKey
from providers.models import Provider
from routing.models import Alias, Target
from tests.gateways import saved
from tests.routing.rows import a_model, a_provider, a_target, an_alias

pytestmark = pytest.mark.django_db
ANNA = Author(user_id=None, name="anna", door=Door.API, address="192.0.2.1", note="cheaper")


def only_revision() -> ConfigRevision:
    (revision,) = ConfigRevision.objects.all()
    return revision  # type: ignore[no-any-return]  # the manager is shared by three models


def said(revision: ConfigRevision | None) -> list[tuple[str, str, list[Any]]]:
    assert revision is not None
    return [(change.deed, f"{change.kind} {change.name}", change.fields) for change in revision.changes.all()]


def stamp_of_alias(name: str) -> str:
    (entry,) = (entry for entry in snapshot.current().aliases if entry.name == name)
    return stamp_of(entry)


def test_a_change_says_who_from_where_through_which_door_and_why() -> None:
    with recording(ANNA):
        saved(Provider(name="openai"))

    revision = only_revision()
    assert revision.number == 1
    assert (revision.author_name, revision.address, revision.door, revision.note) == (
        *("anna", "192.0.2.1", "api", "cheaper"),
    )
    assert revision.summary == "created provider openai"


def test_a_changed_field_is_there_with_its_old_and_its_new_value() -> None:
    alias = an_alias("fast", a_model())
    with recording(ANNA) as recorded:
        alias.selector = "in_order"
        saved(alias)

    assert said(recorded.revision) == [("updated", "alias fast", [["selector", "random", "in_order"]])]


def test_a_changed_target_belongs_to_its_alias() -> None:
    alias = an_alias("fast", a_model())
    with recording(ANNA) as recorded:
        target = alias.targets.get()
        target.weight = 5
        saved(target)

    assert said(recorded.revision) == [
        ("updated", "target fast → openai/gpt-4o-mini", [["weight", "nothing", "5"]]),
    ]
    change = ConfigChange.objects.order_by("-id")[0]
    assert (change.of_kind, change.of_name) == ("alias", "fast")
    assert recorded.revision is not None
    assert recorded.revision.summary == "updated alias fast"


def test_targets_in_another_order_are_a_change() -> None:
    one, other = a_model("openai/one"), a_model("openai/other")
    alias = an_alias("fast", one, other)

    with recording(ANNA) as recorded:
        first = alias.targets.get(model=one)
        first.position = 7
        saved(first)

    assert said(recorded.revision) == [
        ("updated", "alias fast", [["order of targets", "openai/one, openai/other", "openai/other, openai/one"]])
    ]


def test_what_changes_nothing_leaves_nothing() -> None:
    alias = an_alias("fast", a_model())
    with recording(ANNA):
        pass
    before = ConfigRevision.objects.count()

    with recording(ANNA) as recorded:
        alias.save()

    assert recorded.revision is None
    assert ConfigRevision.objects.count() == before


def test_what_fails_leaves_nothing() -> None:
    def fail() -> None:
        with recording(ANNA):
            saved(Provider(name="openai"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert not ConfigRevision.objects.exists()
    assert not Provider.objects.exists()


def test_a_turn_within_a_turn_is_one_revision_of_the_outer_author() -> None:
    with recording(ANNA) as outer:
        with recording(Author(user_id=None, name="bert", door=Door.FILE, address="")) as inner:
            saved(Provider(name="openai"))
        saved(Provider(name="azure"))

    assert inner is outer
    assert only_revision().author_name == "anna"
    assert only_revision().summary == "created provider azure, provider openai"


def test_what_was_changed_outside_is_not_the_next_authors() -> None:
    alias = an_alias("fast", a_model())
    with recording(ANNA):
        pass
    Alias.objects.filter(pk=alias.pk).update(description="by SQL")

    with recording(ANNA):
        saved(Provider(name="azure"))

    mine, outside, at_first = ConfigRevision.objects.all()
    assert said(outside) == [("updated", "alias fast", [["description", "nothing", "by SQL"]])]
    assert (outside.door, outside.author_name) == ("outside", "unknown")
    assert at_first.note == "Everything that was there when recording began."
    assert mine.summary == "created provider azure"


def test_a_look_finds_what_was_changed_outside_once() -> None:
    an_alias("fast", a_model())
    record_what_was_changed_outside()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE routing_target SET weight = 9")

    revision = record_what_was_changed_outside()

    assert said(revision) == [("updated", "target fast → openai/gpt-4o-mini", [["weight", "nothing", "9"]])]
    assert record_what_was_changed_outside() is None


def test_a_look_that_finds_nothing_asks_once(django_assert_num_queries: Any) -> None:
    an_alias("fast", a_model())
    record_what_was_changed_outside()

    with django_assert_num_queries(1):
        record_what_was_changed_outside()


def test_a_stored_key_is_recorded_as_another_one_and_never_shown() -> None:
    provider = a_provider("openai", credential="sk-the-first-secret")
    with recording(ANNA):
        pass

    with recording(ANNA) as recorded:
        provider.credential = "sk-the-second-secret"
        saved(provider)

    assert said(recorded.revision) == [
        ("updated", "provider openai", [["credential", "a stored key", "another stored key"]])
    ]
    assert recorded.revision is not None
    recorded_text = str(store.contents_of_revision(recorded.revision))
    assert "secret" not in recorded_text.replace("'secret':", "")
    assert "sealed:" not in recorded_text


def test_a_header_is_recorded_as_another_one_and_its_value_is_nowhere() -> None:
    provider = a_provider("openai", extra_headers={"X-Team": "value-one", "X-Title": "plexus"})

    with recording(ANNA) as recorded:
        provider.extra_headers = {"X-Team": "value-two", "X-Title": "plexus"}
        saved(provider)

    was, is_now = "X-Team: stored, X-Title: plexus", "X-Team: another stored value, X-Title: plexus"
    assert said(recorded.revision) == [("updated", "provider openai", [["extra_headers", was, is_now]])]
    assert recorded.revision is not None
    recorded_text = str(store.contents_of_revision(recorded.revision))
    assert "value-" not in recorded_text
    assert "sealed:" not in recorded_text


def test_a_header_that_is_saved_again_is_no_change() -> None:
    provider = a_provider("openai", extra_headers={"X-Team": "one"})
    with recording(ANNA):
        pass

    with recording(ANNA) as recorded:
        saved(Provider.objects.get(pk=provider.pk))

    assert recorded.revision is None


def test_what_may_be_seen_of_headers_is_told() -> None:
    provider = a_provider("openai", extra_headers={"X-Team": "one"})

    with recording(ANNA) as recorded:
        provider.extra_headers = {"X-Team": "$TEAM", "Accept": "*/*"}
        saved(provider)

    change = ["extra_headers", "X-Team: stored", "Accept: */*, X-Team: $TEAM"]
    assert said(recorded.revision) == [("updated", "provider openai", [change])]


def test_a_revision_holds_the_whole_configuration() -> None:
    with recording(ANNA) as recorded:
        an_alias("fast", a_model(input_usd_per_mtok="0.15", output_usd_per_mtok="0.60"), synonyms=("quick",))
        a_target(an_alias("deep", a_model("openai/o")), Alias.objects.get(name="fast"), tier=1)

    assert recorded.revision is not None
    document = store.contents_of_revision(recorded.revision).document
    assert plexus.write(document) == plexus.write(snapshot.current())
    assert document == snapshot.current()


def test_a_deleted_alias_takes_its_targets_along() -> None:
    alias = an_alias("fast", a_model(), synonyms=("quick",))

    with recording(ANNA) as recorded:
        alias.delete()

    assert [(deed, what) for deed, what, _ in said(recorded.revision)] == [
        ("deleted", "alias fast"),
        ("deleted", "synonym quick of fast"),
        ("deleted", "target fast → openai/gpt-4o-mini"),
    ]


def test_client_keys_are_recorded_with_what_they_may_use() -> None:
    alias = an_alias("fast", a_model())
    key = ClientKey(name="billing")
    secret = key.make()

    with recording(ANNA) as made:
        saved(key)
    with recording(ANNA) as narrowed:
        key.access = ClientKey.Access.LISTED
        saved(key)
        key.allowed_aliases.add(alias)

    assert said(made.revision)[0][:2] == ("created", "client key billing")
    assert said(narrowed.revision)[0][2] == [
        ["access", "everything", "listed"],
        ["allowed_aliases", "nothing", "fast"],
    ]
    everything = str([row.fields for row in ConfigChange.objects.all()])
    assert secret not in everything
    assert key.digest not in everything


def test_a_key_that_is_made_replaced_disabled_and_deleted_is_an_event_each() -> None:
    key = ClientKey(name="billing")
    key.make()
    with recording(ANNA):
        saved(key)
    with recording(ANNA):
        key.make()
        saved(key)
    with recording(ANNA):
        key.enabled = False
        saved(key)
    with recording(ANNA):
        key.delete()

    events = [(event.kind, event.subject, event.author_name) for event in AuditEvent.objects.order_by("id")]
    assert events == [
        ("key made", "billing", "anna"),
        ("secret replaced", "billing", "anna"),
        ("key disabled", "billing", "anna"),
        ("key revoked", "billing", "anna"),
    ]


def test_since_tells_what_others_changed_since_one_looked() -> None:
    with recording(ANNA):
        alias = an_alias("fast", a_model())
    seen = stamp_of_alias("fast")
    with recording(ANNA):
        alias.description = "new"
        saved(alias)

    changes = since("alias", "fast", seen)

    assert [(change.revision.author_name, change.fields) for change in changes] == [
        ("anna", [["description", "nothing", "new"]])
    ]
    assert since("alias", "fast", stamp_of_alias("fast")) == ()


def test_since_tells_what_was_changed_under_an_earlier_name() -> None:
    with recording(ANNA):
        alias = an_alias("fast", a_model())
    seen = stamp_of_alias("fast")
    for name, value in (("description", "new"), ("name", "quick"), ("name", "quickest")):
        with recording(ANNA):
            setattr(alias, name, value)
            saved(alias)

    changes = since("alias", "quickest", seen)

    assert [change.fields for change in changes] == [
        [["name", "quick", "quickest"]],
        [["name", "fast", "quick"]],
        [["description", "nothing", "new"]],
    ]


def test_since_leaves_out_another_object_that_had_the_name_before() -> None:
    with recording(ANNA):
        alias, former = an_alias("slow", a_model()), an_alias("fast", a_model("openai/other"))
    with recording(ANNA):
        former.delete()
    with recording(ANNA):
        alias.name = "fast"
        saved(alias)

    changes = since("alias", "fast", "a stamp that it never had")

    assert [(change.deed, change.of_name) for change in changes] == [
        ("updated", "fast"),
        ("created", "slow"),
        ("created", "slow"),
    ]


def test_a_stamp_knows_targets_and_synonyms() -> None:
    alias = an_alias("fast", a_model())
    stamps = [stamp_of_alias("fast")]

    a_target(alias, a_model("openai/other"))
    stamps.append(stamp_of_alias("fast"))
    Target.objects.filter(alias=alias).update(weight=2)
    stamps.append(stamp_of_alias("fast"))

    assert len(set(stamps)) == 3


@pytest.mark.parametrize("record", [ConfigRevision, ConfigChange])
def test_what_was_recorded_is_neither_changed_nor_deleted(record: Any) -> None:
    with recording(ANNA):
        saved(Provider(name="openai"))
    row = record.objects.get()

    for deed in (row.save, row.delete, record.objects.all().delete, lambda: record.objects.update(id=7)):
        with pytest.raises(NeverChanged):
            deed()


@pytest.mark.parametrize("table", ["gateway_configrevision", "gateway_auditevent"])
def test_the_database_refuses_to_change_what_was_recorded(table: str) -> None:
    with recording(ANNA):
        key = ClientKey(name="billing")
        key.make()
        saved(key)

    with pytest.raises(Error, match="not changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET author_name = 'bert'")


def test_a_user_who_is_deleted_leaves_their_name(django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("anna")
    with recording(Author(user_id=user.pk, name="anna", door=Door.ADMIN, address="")):
        saved(Provider(name="openai"))

    user.delete()

    revision = ConfigRevision.objects.order_by("number")[0]
    assert (revision.user_id, revision.author_name) == (None, "anna")


def test_a_key_that_is_renamed_was_neither_made_nor_revoked() -> None:
    key = ClientKey(name="billing")
    key.make()
    with recording(ANNA):
        saved(key)

    with recording(ANNA):
        key.name, key.enabled = "invoices", False
        saved(key)

    happened = list(AuditEvent.objects.order_by("id").values_list("kind", "subject"))
    assert happened == [("key made", "billing"), ("key renamed", "invoices"), ("key disabled", "invoices")]


def test_a_key_that_takes_the_name_of_one_that_is_revoked_is_another_one() -> None:
    old, new = ClientKey(name="billing"), ClientKey(name="billing")
    old.make()
    new.make()
    with recording(ANNA):
        saved(old)

    with recording(ANNA):
        old.delete()
        new.name = "invoices"
        saved(new)

    happened = set(AuditEvent.objects.values_list("kind", "subject"))
    assert happened == {("key made", "billing"), ("key revoked", "billing"), ("key made", "invoices")}
