"""Providers and models over the API. Keys go in and never come out."""

import pytest

from providers.models import Provider, ProviderModel, vault
from routing.models import Target
from tests.gateway.api.asking import Asking, an_administrator, an_alias, openai, somebody

pytestmark = pytest.mark.django_db
SECRET = "sk-a-secret-of-openai"


@pytest.fixture
def api() -> Asking:
    return an_administrator()


OPENAI = {
    "name": "openai",
    "credential": SECRET,
    "extra_headers": {"X-Org": "org-secret"},
    "endpoints": [{"api_type": "chat", "base_url": "https://api.openai.com/v1"}],
    "models": [{"name": "gpt-4o", "input_usd_per_mtok": 2.5, "output_usd_per_mtok": 10}],
}


def test_a_provider_is_made_with_its_addresses_and_models(api: Asking) -> None:
    reply = api.send("POST", "providers", OPENAI)

    assert reply.status_code == 201, reply.json()
    assert reply.json()["models"][0]["input_usd_per_mtok"] == 2.5
    assert Provider.objects.get().endpoints.get().base_url == "https://api.openai.com/v1"


def test_a_secret_never_comes_back(api: Asking) -> None:
    made = api.send("POST", "providers", OPENAI)
    read = api.get("providers/openai")

    assert read.json()["credential"] == "stored"
    assert read.json()["extra_headers"] == {"X-Org": "stored"}
    for reply in (made, read, api.get("providers")):
        assert SECRET not in reply.content.decode()
        assert "org-secret" not in reply.content.decode()


def test_a_secret_that_was_read_stays_when_it_is_put_back(api: Asking) -> None:
    api.send("POST", "providers", OPENAI)
    sealed = Provider.objects.get().credential
    read = api.get("providers/openai")

    reply = api.send("PUT", "providers/openai", read.json(), If_Match=read["ETag"])

    assert reply.status_code == 200, reply.json()
    assert Provider.objects.get().credential == sealed
    assert vault().open(Provider.objects.get().extra_headers["X-Org"]) == "org-secret"


def test_nothing_can_stay_where_nothing_is(api: Asking) -> None:
    reply = api.send("POST", "providers", {**OPENAI, "credential": "stored"})

    assert reply.json()["errors"][0]["pointer"] == "#/credential"
    assert not Provider.objects.exists()


def test_what_is_no_secret_in_headers_is_answered(api: Asking) -> None:
    headers = {"X-Org": "$ORG_KEY", "X-Title": "plexus", "X-Team": "org-secret"}

    reply = api.send("POST", "providers", {**OPENAI, "extra_headers": headers})

    assert reply.json()["extra_headers"] == headers | {"X-Team": "stored"}


def test_a_header_can_stay_only_where_one_is(api: Asking) -> None:
    api.send("POST", "providers", OPENAI)

    reply = api.send("PATCH", "providers/openai", {"extra_headers": {"X-Org": "stored", "X-Other": "stored"}})

    assert reply.json()["errors"][0]["pointer"] == "#/extra_headers/X-Other"


def test_a_header_that_is_not_sent_goes_and_another_value_replaces_one(api: Asking) -> None:
    api.send("POST", "providers", {**OPENAI, "extra_headers": {"X-Org": "org-secret", "X-Gone": "old"}})

    reply = api.send("PATCH", "providers/openai", {"extra_headers": {"X-Org": "org-other"}})

    assert reply.status_code == 200, reply.json()
    assert [*Provider.objects.get().extra_headers] == ["X-Org"]
    assert vault().open(Provider.objects.get().extra_headers["X-Org"]) == "org-other"


def test_a_stored_header_does_not_go_to_another_host(api: Asking) -> None:
    api.send("POST", "providers", {**OPENAI, "credential": "$OPENAI_API_KEY"})
    elsewhere = [{"api_type": "chat", "base_url": "https://evil.example.com/v1"}]

    kept = api.send("PATCH", "providers/openai", {"endpoints": elsewhere, "extra_headers": {"X-Org": "stored"}})
    typed = api.send("PATCH", "providers/openai", {"endpoints": elsewhere, "extra_headers": {"X-Org": "org-secret"}})

    assert kept.status_code == 400
    assert "header “X-Org”" in kept.json()["errors"][0]["message"]
    assert typed.status_code == 200, typed.json()


def test_a_stored_key_does_not_go_to_another_host(api: Asking) -> None:
    api.send("POST", "providers", OPENAI)
    elsewhere = [{"api_type": "chat", "base_url": "https://evil.example.com/v1"}]

    reply = api.send("PATCH", "providers/openai", {"endpoints": elsewhere})

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == "#/endpoints/0/base_url"


def test_a_put_without_a_credential_keeps_it(api: Asking) -> None:
    api.send("POST", "providers", OPENAI)
    body = {name: value for name, value in OPENAI.items() if name != "credential"}

    reply = api.send("PUT", "providers/openai", body)

    assert reply.json()["credential"] == "stored"


def test_a_model_that_an_alias_needs_is_not_left_out_unnoticed(api: Asking) -> None:
    openai("gpt-4o", "gpt-4o-mini")
    an_alias("fast", "gpt-4o-mini")

    reply = api.send("PATCH", "providers/openai", {"models": [{"name": "gpt-4o"}]})

    assert reply.status_code == 409
    assert "fast" in " ".join(reply.json()["breaks"])
    assert ProviderModel.objects.count() == 2


def test_a_provider_that_is_in_use_names_who_needs_it(api: Asking) -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")

    refused = api.send("DELETE", "providers/openai")
    forced = api.send("DELETE", "providers/openai?force=1")

    assert refused.status_code == 409
    assert refused.json()["breaks"] == ["1 alias uses the provider “openai”: fast."]
    assert forced.status_code == 204
    assert not Target.objects.exists()


def test_what_a_forced_deletion_takes_along_takes_permissions_of_its_own() -> None:
    openai("gpt-4o")
    an_alias("fast", "gpt-4o")
    api = somebody("editor", "providers.delete_provider")

    reply = api.send("DELETE", "providers/openai?force=1")

    assert reply.status_code == 403
    assert reply.json()["detail"] == "It would delete a target, which takes routing.delete_target."
    assert Target.objects.exists()


def test_a_model_with_slashes_has_an_address_of_its_own(api: Asking) -> None:
    openai()
    made = api.send("POST", "models", {"provider": "openai", "name": "meta/llama-3.3:free"})

    reply = api.send("PATCH", "models/openai/meta/llama-3.3:free", {"context_length": 8000})

    assert made["Location"] == "/api/v1/models/openai/meta/llama-3.3:free"
    assert reply.status_code == 200, reply.json()
    assert ProviderModel.objects.get().context_length == 8000


def test_a_model_of_nobody_is_refused(api: Asking) -> None:
    reply = api.send("POST", "models", {"provider": "nobody", "name": "x"})

    assert reply.json()["errors"][0]["pointer"] == "#/provider"


def test_half_a_price_is_refused_beside_the_missing_half(api: Asking) -> None:
    openai("gpt-4o")

    reply = api.send("PATCH", "models/openai/gpt-4o", {"input_usd_per_mtok": 1})

    assert reply.json()["errors"][0]["pointer"] == "#/output_usd_per_mtok"


def test_the_second_to_change_a_model_is_told_of_the_first(api: Asking) -> None:
    openai("gpt-4o")
    seen = api.get("models/openai/gpt-4o")["ETag"]
    api.send("PATCH", "models/openai/gpt-4o", {"context_length": 1})

    reply = api.send("PATCH", "models/openai/gpt-4o", {"context_length": 2}, If_Match=seen)

    assert reply.status_code == 412
    assert "    context_length: nothing → 1" in reply.json()["changes"][0]["lines"]


def test_the_second_to_change_a_model_is_told_of_the_first_under_its_earlier_names(api: Asking) -> None:
    openai("gpt-4o", "another")
    seen = api.get("models/openai/gpt-4o")["ETag"]
    api.send("PATCH", "models/openai/gpt-4o", {"context_length": 1})
    api.send("PATCH", "models/openai/another", {"context_length": 7})
    api.send("PATCH", "models/openai/gpt-4o", {"name": "omni"})

    reply = api.send("PATCH", "models/openai/omni", {"context_length": 2}, If_Match=seen)

    assert reply.status_code == 412
    assert [change["lines"] for change in reply.json()["changes"]][:2] == [
        ["~ model openai/gpt-4o", "    name: gpt-4o → omni"],
        ["~ model openai/gpt-4o", "    context_length: nothing → 1"],
    ]


def test_whoever_may_only_look_changes_nothing() -> None:
    openai("gpt-4o")
    reader = somebody("reader", "providers.view_provider")

    assert reader.get("providers/openai").status_code == 200
    for method, path in (("POST", "providers"), ("PUT", "providers/openai"), ("DELETE", "providers/openai")):
        assert reader.send(method, path, OPENAI).status_code == 403
