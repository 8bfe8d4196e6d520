"""The whole configuration as one document: read, compared, applied, and undone."""

import json

import pytest
import yaml

from gateway.api.resources import config
from providers.models import Provider
from routing.models import Alias
from tests.gateway.api.asking import Asking, an_administrator, an_alias, openai, somebody
from tests.gateway.interchange.importing import exported

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Asking:
    return an_administrator()


def furnish() -> None:
    openai("gpt-4o", "gpt-4o-mini")
    an_alias("fast", "gpt-4o-mini", synonyms=("quick",))


def test_the_document_is_what_a_file_would_be(api: Asking) -> None:
    furnish()

    by_header = api.get("config", Accept="application/yaml")
    by_address = api.get("config?format=yaml")

    assert by_header.content.decode() == by_address.content.decode() == exported()


def test_the_document_as_json_says_the_same(api: Asking) -> None:
    furnish()

    assert api.get("config").json() == yaml.safe_load(exported())


def test_what_was_read_can_be_put_back_and_changes_nothing(api: Asking) -> None:
    furnish()
    read = api.get("config")

    reply = api.send("PUT", "config", read.json(), If_Match=read["ETag"])

    assert reply.status_code == 200, reply.json()
    assert reply.json()["summary"] == "Nothing to do: everything is as the document says."
    assert reply.json()["revision"] is None


def test_what_the_document_does_not_name_is_deleted(api: Asking) -> None:
    furnish()
    document = api.get("config").json() | {"models": []}

    reply = api.send("PUT", "config", document)

    assert reply.json()["applied"]
    assert "- alias fast" in reply.json()["lines"]
    assert not Alias.objects.exists()


def test_a_dry_run_says_what_would_change_and_changes_nothing(api: Asking) -> None:
    furnish()
    document = api.get("config").json() | {"models": []}

    reply = api.send("PUT", "config?dry_run=1", document)

    assert not reply.json()["applied"]
    assert {"deed": "deleted", "kind": "alias", "name": "fast", "fields": []} in reply.json()["changes"]
    assert Alias.objects.exists()


NOTHING: dict[str, list[str]] = {"providers": [], "models": []}


def test_a_document_that_deletes_everything_is_refused_and_says_what_would_go(api: Asking) -> None:
    furnish()

    reply = api.send("PUT", "config", NOTHING)

    assert (reply.status_code, reply["Content-Type"]) == (409, "application/problem+json")
    assert reply.json()["code"] == "deletes_most"
    assert "It deletes everything that is configured: 1 provider, 2 models, 1 alias." in reply.json()["detail"]
    assert "?force=1" in reply.json()["detail"]
    assert sorted(reply.json()["breaks"]) == [
        "alias fast",
        "model openai/gpt-4o",
        "model openai/gpt-4o-mini",
        "provider openai",
    ]
    assert Alias.objects.exists()
    assert api.get("revisions?door=api").json()["results"] == []


def test_with_force_it_deletes_everything(api: Asking) -> None:
    furnish()

    reply = api.send("PUT", "config?force=1", NOTHING)

    assert reply.json()["applied"]
    assert not Provider.objects.exists()


def test_a_dry_run_warns_of_what_would_be_refused(api: Asking) -> None:
    furnish()

    reply = api.send("PUT", "config?dry_run=1", NOTHING)

    assert reply.status_code == 200
    assert "Without ?force=1 it would be refused." in reply.json()["findings"][-1]["message"]
    assert Alias.objects.exists()


def test_more_than_half_of_much_is_refused_as_everything_is(api: Asking) -> None:
    openai(*(f"model-{place}" for place in range(8)))
    document = api.get("config").json()
    document["providers"][0]["models"] = document["providers"][0]["models"][:4]
    four_of_nine = api.send("PUT", "config?dry_run=1", document)
    document["providers"][0]["models"] = document["providers"][0]["models"][:3]

    five_of_nine = api.send("PUT", "config", document)

    assert not [one for one in four_of_nine.json()["findings"] if "force" in one["message"]]
    assert five_of_nine.status_code == 409
    assert "It deletes 5 of 9 objects that are configured: 5 models." in five_of_nine.json()["detail"]


def test_into_an_empty_configuration_nothing_need_be_forced(api: Asking) -> None:
    assert api.send("PUT", "config", NOTHING).status_code == 200


def test_one_mistake_refuses_all_of_it(api: Asking) -> None:
    furnish()
    document = api.get("config").json()
    document["providers"][0]["displayName"] = "Another name"
    document["models"].append({"alias": "wrong", "targets": [{"provider": "nobody", "model": "x"}]})

    reply = api.send("PUT", "config", document)

    assert reply.status_code == 400
    assert "models[1].targets[0].provider" in reply.json()["errors"][0]["pointer"]
    assert Provider.objects.get().display_name == ""


def test_what_is_wrong_in_json_is_told_by_its_path_alone(api: Asking) -> None:
    furnish()
    document = api.get("config").json()
    again = document | {"models": document["models"] * 2}
    unread = document | {"models": [{"alias": 5}]}

    by_applying = api.send("PUT", "config", again).json()["errors"]
    by_reading = api.send("PUT", "config", unread).json()["errors"]

    assert by_applying[0]["pointer"] == "models[1].alias"
    assert "stands here already: models[0].alias." in by_applying[0]["message"]
    assert by_reading[0]["pointer"] == "models[0].alias"


def test_what_is_wrong_in_yaml_is_told_with_its_line(api: Asking) -> None:
    reply = api.send("PUT", "config", "providers: []\nmodels:\n- alias: 5\n", Content_Type="application/yaml")

    assert reply.json()["errors"][0]["pointer"] == "models[0].alias (line 3)"


def test_a_finding_about_json_has_no_line(api: Asking) -> None:
    furnish()
    document = api.get("config").json() | {"logging": {}}

    (finding,) = [one for one in api.send("PUT", "config", document).json()["findings"] if one["path"] == "logging"]

    assert finding["line"] is None


def test_a_part_of_a_document_is_refused_as_one(api: Asking) -> None:
    (error,) = api.send("PUT", "config", {"models": []}).json()["errors"]

    assert error["message"] == "Only a document with `providers` and `models` can be the whole truth."


def test_a_revision_is_found_by_the_user_whichever_token_made_it(api: Asking) -> None:
    furnish()
    api.send("PATCH", "aliases/fast", {"selector": "in_order"})

    assert len(api.get("revisions?who=root").json()["results"]) == 1
    assert len(api.get("revisions?who=root+(token+a+test)").json()["results"]) == 1
    assert api.get("revisions?who=roo").json()["results"] == []


def test_yaml_is_read_too(api: Asking) -> None:
    text = exported() + "\n"

    reply = api.send("PUT", "config", text, Content_Type="application/yaml")

    assert reply.status_code == 200, reply.json()


def test_a_body_of_another_kind_is_not_read(api: Asking) -> None:
    assert api.send("PUT", "config", "a=b", Content_Type="text/plain").status_code == 415


def test_the_second_of_two_who_put_the_same_is_told_of_the_first(api: Asking) -> None:
    furnish()
    read = api.get("config")
    first = read.json() | {"models": []}
    api.send("PUT", "config", first, If_Match=read["ETag"], X_Change_Note="no names any more")

    late = api.send("PUT", "config", read.json(), If_Match=read["ETag"])

    assert late.status_code == 412
    (change,) = late.json()["changes"]
    assert (change["who"], change["note"]) == ("root (token a test)", "no names any more")
    assert "- alias fast" in change["lines"]


def test_stored_keys_stay_and_are_not_in_it(api: Asking) -> None:
    provider = openai("gpt-4o")
    provider.credential = "sk-a-secret"
    provider.save()
    read = api.get("config")

    api.send("PUT", "config", read.json())

    assert "sk-a-secret" not in json.dumps(read.json())
    assert Provider.objects.get().credential == provider.credential


def test_a_revision_is_read_with_who_when_and_why(api: Asking) -> None:
    furnish()
    api.send("PATCH", "aliases/fast?note=a+test", {"selector": "in_order"})

    (newest, *_) = api.get("revisions").json()["results"]
    detail = api.get(f"revisions/{newest['number']}").json()

    assert (newest["who"], newest["door"], newest["note"]) == ("root (token a test)", "api", "a test")
    assert detail["lines"] == ["~ alias fast", "    selector: random → in_order"]


def test_a_long_revision_is_read_in_pages(api: Asking) -> None:
    openai()
    document = api.get("config").json()
    document["providers"][0]["models"] = [f"model-{place}" for place in range(250)]
    number = api.send("PUT", "config", document).json()["revision"]

    first = api.get(f"revisions/{number}").json()
    second = api.get(first["next"].partition("/api/v1/")[2]).json()
    third = api.get(second["next"].partition("/api/v1/")[2]).json()

    pages = [first, second, third]
    names = [one["name"] for page in pages for one in page["changes"]]
    assert [len(page["changes"]) for page in pages] == [100, 100, 50]
    assert len(set(names)) == 250
    assert (first["previous"], third["next"]) == (None, None)
    assert {(page["number"], page["who"]) for page in pages} == {(number, "root (token a test)")}
    assert second["lines"][0] == f"+ {second['changes'][0]['kind']} {second['changes'][0]['name']}"


@pytest.mark.parametrize(("query", "status"), [("limit=7", 200), ("limit=501", 400), ("cursor=nonsense", 404)])
def test_the_pages_of_a_revision_are_as_those_of_a_list(api: Asking, query: str, status: int) -> None:
    openai(*(f"model-{place}" for place in range(9)))
    api.send("PATCH", "providers/openai", {"display_name": "Open AI"})

    reply = api.get(f"revisions/1?{query}")  # what was there before

    assert reply.status_code == status
    if status == 200:
        assert len(reply.json()["changes"]) == 7


def test_any_two_revisions_can_be_compared(api: Asking) -> None:
    furnish()
    api.send("PATCH", "aliases/fast", {"selector": "in_order"})
    api.send("PATCH", "aliases/fast", {"selector": "cost"})
    newest = api.get("revisions").json()["results"][0]["number"]

    reply = api.get(f"revisions/compare?from={newest - 2}&to={newest}")

    assert reply.json()["lines"] == ["~ alias fast", "    selector: random → cost"]


def test_the_way_back_is_a_new_revision(api: Asking) -> None:
    furnish()
    api.send("PATCH", "aliases/fast", {"description": "One."})
    before = exported()
    number = api.get("revisions").json()["results"][0]["number"]
    api.send("PATCH", "aliases/fast", {"description": "Two."})

    tried = api.send("POST", f"revisions/{number}/rollback?dry_run=1")
    done = api.send("POST", f"revisions/{number}/rollback")

    assert tried.json()["lines"] == ["~ alias fast", "    description: Two. → One."]
    assert done.json()["revision"] == number + 2
    assert exported() == before


def test_a_rollback_over_a_rename_says_so_tried_and_done(api: Asking) -> None:
    furnish()
    api.send("PATCH", "aliases/fast", {"name": "x9"})
    number = api.get("revisions").json()["results"][0]["number"]
    api.send("PATCH", "aliases/x9", {"name": "x11"})

    tried = api.send("POST", f"revisions/{number}/rollback?dry_run=1").json()
    done = api.send("POST", f"revisions/{number}/rollback").json()

    assert tried["lines"] == done["lines"] == ["~ alias x11", "    name: x11 → x9"]
    assert tried["summary"] == "Would apply 1 change: updated 1 alias."
    assert done["summary"] == "Applied 1 change: updated 1 alias."
    assert api.get(f"revisions/{done['revision']}").json()["lines"] == done["lines"]


def test_a_revision_shows_the_document_of_its_time(api: Asking) -> None:
    furnish()
    api.send("PATCH", "aliases/fast", {"description": "One."})
    number = api.get("revisions").json()["results"][0]["number"]
    before = exported()
    api.send("PATCH", "aliases/fast", {"description": "Two."})

    reply = api.get(f"revisions/{number}/document?format=yaml")

    assert reply.content.decode() == before


def test_a_revision_that_there_is_not_is_not_found(api: Asking) -> None:
    for path in ("revisions/99", "revisions/99/document", "revisions/compare?from=0&to=99"):
        assert api.get(path).status_code == 404


def test_what_is_no_configuration_is_among_the_events(api: Asking) -> None:
    api.send("POST", "keys", {"name": "billing"})

    events = api.get("events").json()["results"]

    assert [(one["kind"], one["subject"], one["who"], one["door"]) for one in events if "key" in one["kind"]] == [
        ("key made", "billing", "root (token a test)", "api")
    ]


def test_a_document_takes_the_permission_of_its_page() -> None:
    reader = somebody("reader", "gateway.view_configuration")

    assert reader.get("config").status_code == 200
    assert reader.send("PUT", "config", {}).status_code == 403
    assert somebody("nobody").get("config").status_code == 403


def test_a_document_changes_no_row_that_its_sender_may_not_change() -> None:
    furnish()
    importer = somebody("ira", "gateway.import_configuration", "routing.change_alias")
    document = importer.get("config").json()
    document["models"][0]["description"] = "Mine."
    allowed = importer.send("PUT", "config", document)
    forbidden = importer.send("PUT", "config", document | {"models": []})

    assert allowed.status_code == 200
    assert forbidden.status_code == 403
    assert "routing.delete_" in forbidden.json()["detail"]
    assert Alias.objects.get().description == "Mine."


def test_kind_and_name_of_a_filter_mean_one_thing_that_was_changed(api: Asking) -> None:
    furnish()
    document = api.get("config").json()
    document["models"][0]["description"] = document["providers"][0]["displayName"] = "Another."
    number = api.send("PUT", "config", document).json()["revision"]

    found = [
        [one["number"] for one in api.get(f"revisions?who=root&{asked}").json()["results"]]
        for asked in ("kind=alias&name=fast", "kind=alias&name=openai", "kind=provider", "name=openai", "kind=route")
    ]

    assert found == [[number], [], [number], [number], []]


def test_of_large_revisions_the_newest_alone_is_told(api: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish()
    seen = api.get("config")["ETag"]
    for description in ("One.", "Two."):
        api.send("PATCH", "aliases/fast", {"description": description})
    document = api.get("config").json()

    all_of_them = api.send("PUT", "config", document, If_Match=seen).json()["changes"]
    monkeypatch.setattr(config, "MOST_BYTES_LOOKED_AT", 1)
    newest = api.send("PUT", "config", document, If_Match=seen).json()["changes"]

    assert [one["lines"][-1] for one in all_of_them] == [
        "    description: One. → Two.",
        "    description: nothing → One.",
    ]
    assert newest == all_of_them[:1]
