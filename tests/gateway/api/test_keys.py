"""Client keys over the API: the secret once, and never again."""

import pytest
from django.utils import timezone

from gateway.api.idempotency import GIVEN_UP_AFTER, KEPT
from gateway.models import ClientKey, IdempotentReply
from tests.gateway.api.asking import Asking, an_administrator, an_alias, openai, somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Asking:
    return an_administrator()


def a_key(name: str, **fields: object) -> ClientKey:
    key = ClientKey(name=name, **fields)
    key.make()
    key.save()
    return key


def test_a_secret_is_shown_once(api: Asking) -> None:
    made = api.send("POST", "keys", {"name": "billing"})

    secret = made.json()["secret"]
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store, private"
    assert secret.startswith("sk-plx-")
    assert secret not in api.get("keys").content.decode()
    assert "secret" not in api.get(f"keys/{made.json()['id']}").json()


def test_a_key_is_limited_to_what_is_listed(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o", synonyms=("quick",))
    body = {"name": "billing", "access": "listed", "allowed_aliases": ["quick"], "allowed_models": ["openai/gpt-4o"]}

    reply = api.send("POST", "keys", body)

    assert reply.json()["allowed_aliases"] == ["fast"]
    assert reply.json()["allowed_models"] == ["openai/gpt-4o"]


def test_a_name_that_is_not_there_is_told_by_its_place(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")

    reply = api.send("POST", "keys", {"name": "billing", "allowed_aliases": ["fast", "fsat"]})

    assert reply.json()["errors"][0]["pointer"] == "#/allowed_aliases/1"
    assert not ClientKey.objects.exists()


def test_a_revoked_key_is_disabled(api: Asking) -> None:
    key = a_key("billing")

    reply = api.send("POST", f"keys/{key.pk}/revoke")

    assert reply.status_code == 200, reply.json()
    assert not ClientKey.objects.get().enabled


def test_a_new_secret_takes_the_place_of_the_old_one(api: Asking) -> None:
    key = a_key("billing")

    reply = api.send("POST", f"keys/{key.pk}/secret")

    assert reply.json()["secret"] != key.secret
    assert ClientKey.objects.get().digest != key.digest


def test_an_owner_sees_own_keys_only() -> None:
    owner = somebody("olga", "gateway.view_own_clientkey")
    mine, other = a_key("mine", owner=owner.user), a_key("other")

    reply = owner.get("keys")

    assert [one["name"] for one in reply.json()["results"]] == ["mine"]
    assert owner.get(f"keys/{other.pk}").status_code == 404
    assert owner.send("PATCH", f"keys/{mine.pk}", {"access": "everything"}).status_code == 403


def test_an_owner_may_renew_own_keys_only() -> None:
    owner = somebody("olga", "gateway.view_own_clientkey", "gateway.renew_own_clientkey")
    mine, other = a_key("mine", owner=owner.user), a_key("other")

    assert owner.send("POST", f"keys/{mine.pk}/secret").status_code == 200
    assert owner.send("POST", f"keys/{other.pk}/secret").status_code == 404


def test_a_key_that_is_asked_for_twice_is_made_once(api: Asking) -> None:
    first = api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    again = api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    assert again.status_code == 201
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert again["Cache-Control"] == first["Cache-Control"] == "no-store, private"
    assert ClientKey.objects.count() == 1


def test_what_is_kept_for_a_second_asking_is_sealed(api: Asking) -> None:
    made = api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    assert made.json()["secret"] not in IdempotentReply.objects.get().reply


def test_the_same_idempotency_key_with_another_body_is_refused(api: Asking) -> None:
    api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    reply = api.send("POST", "keys", {"name": "shipping"}, Idempotency_Key="abc")

    assert (reply.status_code, reply.json()["code"]) == (422, "other_body")


def test_an_idempotency_key_is_one_users_own(api: Asking) -> None:
    other = an_administrator("other")
    api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    reply = other.send("POST", "keys", {"name": "shipping"}, Idempotency_Key="abc")

    assert reply.status_code == 201


def test_what_was_refused_may_be_sent_again(api: Asking) -> None:
    api.send("POST", "keys", {"name": ""}, Idempotency_Key="abc")

    reply = api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    assert reply.status_code == 201


def test_what_is_still_running_is_not_begun_again(api: Asking) -> None:
    api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")
    IdempotentReply.objects.update(status=None, reply="")

    reply = api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    assert (reply.status_code, reply.json()["code"]) == (409, "still_running")


def test_what_a_dead_process_began_is_done_by_another(api: Asking) -> None:
    api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")
    ClientKey.objects.get().delete()  # as the transaction of a dead process is rolled back
    IdempotentReply.objects.update(status=None, reply="", created_at=timezone.now() - 2 * GIVEN_UP_AFTER)

    reply = api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")

    assert reply.status_code == 201
    assert ClientKey.objects.get().name == "billing"


def test_an_answer_is_kept_for_a_day(api: Asking) -> None:
    api.send("POST", "keys", {"name": "billing"}, Idempotency_Key="abc")
    IdempotentReply.objects.update(created_at=timezone.now() - KEPT)

    reply = api.send("POST", "keys", {"name": "shipping"}, Idempotency_Key="abc")

    assert reply.status_code == 201
    assert IdempotentReply.objects.count() == 1


def test_the_second_to_change_a_key_is_told_of_the_first(api: Asking) -> None:
    key = a_key("billing")
    seen = api.get(f"keys/{key.pk}")["ETag"]
    api.send("PATCH", f"keys/{key.pk}", {"enabled": False}, X_Change_Note="leaked")

    late = api.send("PATCH", f"keys/{key.pk}", {"name": "shipping"}, If_Match=seen)

    assert late.status_code == 412
    assert late.json()["changes"][0]["note"] == "leaked"
