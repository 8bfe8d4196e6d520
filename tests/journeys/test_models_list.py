"""GET /v1/models, as the Plexus documents describe it."""

import pytest

from tests.gateways import RunningGateway

pytestmark = pytest.mark.django_db(transaction=True)


def names(gateway: RunningGateway, *, key: str | None = None) -> list[str]:
    return [model["id"] for model in gateway.get("/v1/models", key=key).json()["data"]]


def test_an_alias_and_its_synonyms_are_listed_in_openais_shape(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    alias = gateway.alias("fast", model, synonyms=("quick",), description="Fast, cost-effective model")

    reply = gateway.get("/v1/models")

    created = int(alias.created_at.timestamp())
    common = {"object": "model", "created": created, "owned_by": "plexus"}
    assert reply.headers["content-type"] == "application/json"
    assert reply.json() == {
        "object": "list",
        "data": [
            {"id": "fast", "description": "Fast, cost-effective model", **common},
            {"id": "quick", "description": "Alias for: fast", **common},
        ],
    }


def test_one_model_has_the_shape_that_it_has_in_the_list(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"), synonyms=("quick",))

    listed = gateway.get("/v1/models").json()["data"]

    assert [gateway.get(f"/v1/models/{model['id']}").json() for model in listed] == listed


def test_a_key_sees_only_what_it_may_use(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    allowed = gateway.alias("fast", model, synonyms=("quick",))
    gateway.alias("secret", model, synonyms=("hidden",))
    key = gateway.new_key("narrow", allowed=[allowed])

    assert names(gateway, key=key) == ["fast", "quick"]
    assert names(gateway) == ["fast", "quick", "secret", "hidden"]
    assert gateway.get("/v1/models/secret", key=key).status_code == 403
    assert gateway.get("/v1/models/hidden", key=key).status_code == 403


def test_what_is_unlisted_or_disabled_is_not_shown(gateway: RunningGateway) -> None:
    model = gateway.model("openai", "gpt-4o-mini")
    gateway.alias("unlisted", model, synonyms=("unlisted-too",), listed=False)
    gateway.alias("off", model, synonyms=("off-too",), enabled=False)

    assert names(gateway) == []
    assert gateway.ask("unlisted-too").status_code == 200
    assert gateway.ask("off").status_code == gateway.ask("off-too").status_code == 404


def test_a_list_that_has_not_changed_is_not_sent_again(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    tag = gateway.get("/v1/models").headers["etag"]

    for known in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        reply = gateway.get("/v1/models", headers={"if-none-match": known})
        assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", tag)


def test_a_change_of_configuration_changes_the_list_and_its_tag(gateway: RunningGateway) -> None:
    alias = gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    before = gateway.get("/v1/models")

    alias.name = "faster"
    alias.save()
    after = gateway.get("/v1/models", headers={"if-none-match": before.headers["etag"]})

    assert after.status_code == 200
    assert names(gateway) == ["faster"]


def test_each_key_has_a_tag_of_its_own(gateway: RunningGateway) -> None:
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    narrow = gateway.new_key("narrow", allowed=[])
    tag = gateway.get("/v1/models").headers["etag"]

    reply = gateway.get("/v1/models", key=narrow, headers={"if-none-match": tag})

    assert (reply.status_code, reply.json()["data"]) == (200, [])
    assert reply.headers["cache-control"] == "private, no-cache"
