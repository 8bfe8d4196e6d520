"""Aliases over the API: with synonyms and targets, together or not at all."""

from typing import Any

import pytest

from routing.models import Alias, Target
from tests.gateway.api.asking import Asking, an_administrator, an_alias, openai, somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Asking:
    return an_administrator()


FAST: dict[str, Any] = {
    "name": "fast",
    "synonyms": ["quick"],
    "targets": [
        {"provider": "openai", "model": "gpt-4o-mini", "weight": 95},
        {"provider": "openai", "model": "gpt-4o", "weight": 5},
    ],
}


def test_an_alias_is_made_with_all_that_belongs_to_it(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")

    reply = api.send("POST", "aliases", FAST)

    assert reply.status_code == 201, reply.json()
    assert reply["Location"] == "/api/v1/aliases/fast"
    assert reply.json()["synonyms"] == ["quick"]
    assert [(one["model"], one["weight"]) for one in reply.json()["targets"]] == [("gpt-4o-mini", 95), ("gpt-4o", 5)]
    assert reply["ETag"] == api.get("aliases/fast")["ETag"]


def test_what_is_wrong_with_a_target_is_told_by_its_place(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")
    targets = [FAST["targets"][0], {**FAST["targets"][1], "weight": 0}]

    reply = api.send("POST", "aliases", {**FAST, "targets": targets})

    assert reply.status_code == 400
    assert reply["Content-Type"] == "application/problem+json"
    assert [error["pointer"] for error in reply.json()["errors"]] == ["#/targets/1/weight"]
    assert not Alias.objects.exists()


def test_a_target_that_leads_nowhere_is_told_by_its_place(api: Asking) -> None:
    openai("gpt-4o")

    reply = api.send("POST", "aliases", {"name": "fast", "targets": [{"provider": "openai", "model": "gpt-5"}]})

    assert reply.json()["errors"] == [
        {
            "pointer": "#/targets/0/model",
            "message": "The provider “openai” has no model “gpt-5”. Add it to the provider’s models.",
            "code": "invalid",
        }
    ]
    assert not Alias.objects.exists()


def test_a_rule_over_all_targets_is_judged_on_all_of_them(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")

    reply = api.send("POST", "aliases", {**FAST, "weight_mode": "percent", "targets": FAST["targets"][:1]})

    assert reply.status_code == 400
    assert "sum to 95" in reply.json()["errors"][0]["message"]
    assert reply.json()["errors"][0]["pointer"] == "#/targets"


def test_a_field_that_nobody_reads_is_refused_by_its_name(api: Asking) -> None:
    reply = api.send("POST", "aliases", {"name": "fast", "wieght": 3, "targets": [{"modle": "x"}]})

    assert [(error["pointer"], error["code"]) for error in reply.json()["errors"]] == [("#/wieght", "unknown")]


def test_a_name_that_is_taken_is_refused_beside_the_name(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("smart", "gpt-4o", synonyms=("fast",))

    reply = api.send("POST", "aliases", {"name": "fast"})

    assert reply.json()["errors"][0]["pointer"] == "#/name"
    assert "already a synonym of “smart”" in reply.json()["errors"][0]["message"]


def test_a_synonym_that_is_taken_is_told_where_its_text_was_sent(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("smart", "gpt-4o")

    reply = api.send("POST", "aliases", {"name": "fast", "synonyms": ["quick", "smart"]})

    assert [error["pointer"] for error in reply.json()["errors"]] == ["#/synonyms/1"]


def test_an_alias_that_there_is_not_is_told_with_where_to_see_those_there_are(api: Asking) -> None:
    reply = api.get("aliases/fats")

    assert reply.status_code == 404
    assert reply.json()["detail"] == (
        "There is no alias at this address, or none that you may see. GET /api/v1/aliases lists those there are."
    )


def test_whoever_may_not_is_told_which_permission_it_takes() -> None:
    reply = somebody("rita", "routing.view_alias").send("POST", "aliases", {"name": "fast"})

    assert reply.status_code == 403
    assert reply.json()["detail"].startswith("This takes the permission routing.add_alias.")


def test_what_a_patch_does_not_say_stays(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")
    api.send("POST", "aliases", {**FAST, "description": "For short answers."})

    reply = api.send("PATCH", "aliases/fast", {"selector": "in_order"})

    assert reply.status_code == 200, reply.json()
    assert reply.json()["selector"] == "in_order"
    assert reply.json()["description"] == "For short answers."
    assert len(reply.json()["targets"]) == 2


def test_what_a_put_does_not_say_has_its_default(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")
    api.send("POST", "aliases", {**FAST, "description": "For short answers.", "max_attempts": 5})

    reply = api.send("PUT", "aliases/fast", {"name": "fast", "targets": FAST["targets"]})

    assert reply.status_code == 200, reply.json()
    assert (reply.json()["description"], reply.json()["max_attempts"], reply.json()["synonyms"]) == ("", 3, [])


def test_what_was_read_can_be_put_back_as_it_is(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")
    api.send("POST", "aliases", FAST)
    read = api.get("aliases/fast")

    reply = api.send("PUT", "aliases/fast", read.json(), If_Match=read["ETag"])

    assert reply.json() == read.json()
    assert reply["ETag"] == read["ETag"]


def test_an_alias_is_renamed_with_all_that_it_has(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")
    api.send("POST", "aliases", FAST)
    before = Alias.objects.get().pk

    reply = api.send("PATCH", "aliases/fast", {"name": "faster"})

    assert reply.json()["name"] == "faster"
    assert Alias.objects.get().pk == before
    assert Target.objects.count() == 2


def test_the_second_of_two_operators_is_told_what_the_first_changed(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")
    api.send("POST", "aliases", FAST)
    seen = api.get("aliases/fast")["ETag"]
    first = an_administrator("anna")

    done = first.send("PATCH", "aliases/fast", {"selector": "in_order"}, If_Match=seen, X_Change_Note="a test")
    late = api.send("PATCH", "aliases/fast", {"selector": "cost"}, If_Match=seen)

    assert done.status_code == 200
    assert late.status_code == 412
    (change,) = late.json()["changes"]
    assert (change["who"], change["door"], change["note"]) == ("anna (token a test)", "api", "a test")
    assert "    selector: random → in_order" in change["lines"]
    assert Alias.objects.get().selector == "in_order"


def test_deleting_what_others_use_names_them(api: Asking) -> None:
    openai("gpt-4o")
    inner = an_alias("inner", "gpt-4o")
    outer = an_alias("outer")
    Target(alias=outer, to_alias=inner).save()

    reply = api.send("DELETE", "aliases/inner")

    assert reply.status_code == 409
    assert reply.json()["code"] == "in_use"
    assert "outer" in reply.json()["breaks"][0]
    assert Alias.objects.filter(name="inner").exists()


def test_deleting_what_others_use_can_be_forced(api: Asking) -> None:
    openai("gpt-4o")
    inner = an_alias("inner", "gpt-4o")
    outer = an_alias("outer")
    Target(alias=outer, to_alias=inner).save()

    reply = api.send("DELETE", "aliases/inner?force=1")

    assert reply.status_code == 204
    assert not Alias.objects.filter(name="inner").exists()


def test_disabling_what_others_use_names_them(api: Asking) -> None:
    openai("gpt-4o")
    inner = an_alias("inner", "gpt-4o")
    outer = an_alias("outer")
    Target(alias=outer, to_alias=inner).save()

    reply = api.send("PATCH", "aliases/inner", {"enabled": False})

    assert reply.status_code == 409
    assert Alias.objects.get(name="inner").enabled


def test_the_list_is_filtered_by_a_synonym_too(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")
    api.send("POST", "aliases", FAST)
    an_alias("smart", "gpt-4o")

    reply = api.get("aliases?name=quick")

    assert [one["name"] for one in reply.json()["results"]] == ["fast"]


def test_a_filter_by_name_shows_an_alias_once_however_many_names_it_has(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o", synonyms=("quick", "swift", "rapid"))

    found = [[one["name"] for one in api.get(f"aliases?name={name}").json()["results"]] for name in ("fast", "quick")]

    assert found == [["fast"], ["fast"]]


def test_a_filter_that_nobody_reads_is_refused(api: Asking) -> None:
    reply = api.get("aliases?nmae=quick")

    assert reply.status_code == 400
    assert reply.json()["code"] == "unknown_parameter"


def test_a_list_goes_on_where_its_page_ended(api: Asking) -> None:
    for name in ("a", "b", "c"):
        an_alias(name)
    first = api.get("aliases?limit=2").json()

    second = api.client.get(first["next"], headers={"Authorization": f"Bearer {api.secret}"}).json()

    assert [one["name"] for one in first["results"] + second["results"]] == ["a", "b", "c"]
    assert second["next"] is None


def test_a_cursor_that_no_page_gave_leads_nowhere(api: Asking) -> None:
    assert api.get("aliases?cursor=nonsense").status_code == 404


def test_targets_take_permissions_of_their_own(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")
    editor = somebody("editor", "routing.view_alias", "routing.change_alias")

    may = editor.send("PATCH", "aliases/fast", {"description": "Mine."})
    may_not = editor.send("PATCH", "aliases/fast", {"targets": []})

    assert may.status_code == 200
    assert may_not.status_code == 403
    assert Target.objects.count() == 1


def test_a_put_that_drops_targets_takes_their_permissions() -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")
    editor = somebody("editor", "routing.view_alias", "routing.change_alias")

    reply = editor.send("PUT", "aliases/fast", {"name": "fast"})

    assert reply.status_code == 403
    assert Target.objects.count() == 1
