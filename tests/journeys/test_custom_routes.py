"""Paths of the operator's own: whose names they know, and that they stand where nothing else does."""

import httpx
import pytest

from providers.models import Provider
from routing.models import Alias, CustomRoute, ProviderAlias
from tests.gateways import RunningGateway, saved

pytestmark = pytest.mark.django_db(transaction=True)

SAID = {"messages": [{"role": "user", "content": "Hello!"}]}


def ask(gateway: RunningGateway, path: str, model: str, *, key: str | None = None) -> httpx.Response:
    return gateway.post(path, key=key, json={"model": model, **SAID})


def listed(gateway: RunningGateway, path: str, *, key: str | None = None) -> list[str]:
    return [model["id"] for model in gateway.get(path, key=key).json()["data"]]


@pytest.fixture
def openai(gateway: RunningGateway) -> Provider:
    """A provider with two models, a route of its own, and a global alias that leads to another provider."""
    provider = gateway.model("openai", "gpt-4o-mini").provider
    gateway.model(provider, "gpt-4-turbo")
    gateway.alias("fast", gateway.model("groq", "llama"))
    saved(CustomRoute(path="/openai", provider=provider))
    return provider


def with_own_aliases(provider: Provider, **names: str) -> None:
    for name, model in names.items():
        saved(ProviderAlias(provider=provider, name=name.replace("_star", "*"), model=model))


def test_the_path_and_whatever_is_unknown_below_it_mean_chat(gateway: RunningGateway, openai: Provider) -> None:
    paths = [
        "/openai",
        "/openai/",
        "/openai/x/y",
        "/openai/metrics",
        "/openai/livez",
        "/openai/%2e%2e/admin",
        "/openai/v1",
    ]
    known = ["/openai/chat/completions", "/openai/v1/chat/completions", "/openai/v1/chat/completions/"]

    replies = {path: asked_raw(gateway, path) for path in [*paths, *known]}

    assert replies == dict.fromkeys([*paths, *known], 200)
    assert {seen.path for seen in gateway.upstream.seen} == {"/v1/chat/completions"}


def asked_raw(gateway: RunningGateway, path: str) -> int:
    """Status of a chat at this very path: a client library would take `..` out of it."""
    url = httpx.URL(gateway.url).copy_with(raw_path=path.encode())
    headers = {"authorization": f"Bearer {gateway.key}"}
    return gateway.client.post(url, json={"model": "gpt-4o-mini", **SAID}, headers=headers).status_code


def test_what_is_known_below_v1_is_known_below_a_route(gateway: RunningGateway, openai: Provider) -> None:
    embedded = gateway.post("/openai/v1/embeddings", json={"model": "gpt-4o-mini", "input": "x"})
    completed = gateway.post("/openai/completions", json={"model": "gpt-4o-mini", "prompt": "x"})

    assert (embedded.status_code, completed.status_code) == (200, 200)
    assert [seen.path for seen in gateway.upstream.seen] == ["/v1/embeddings", "/v1/completions"]
    assert gateway.get("/openai/models").json() == gateway.get("/openai/v1/models").json()


def test_a_route_may_mean_another_api(gateway: RunningGateway, openai: Provider) -> None:
    saved(CustomRoute(path="/embed", provider=openai, api_type="embeddings"))

    reply = gateway.post("/embed", json={"model": "gpt-4o-mini", "input": "x"})

    assert reply.status_code == 200
    assert gateway.upstream.seen[0].path == "/v1/embeddings"


def test_nothing_but_a_post_means_chat(gateway: RunningGateway, openai: Provider) -> None:
    reply = gateway.get("/openai")

    assert (reply.status_code, reply.json()["error"]["code"]) == (405, "method_not_allowed")


def test_without_aliases_of_its_own_a_provider_knows_all_aliases_and_its_models(
    gateway: RunningGateway, openai: Provider
) -> None:
    asked = {name: ask(gateway, "/openai", name) for name in ("fast", "gpt-4o-mini", "openai/gpt-4o-mini", "llama")}

    assert {name: reply.headers.get("x-plexus-provider") for name, reply in asked.items()} == {
        "fast": "groq",
        "gpt-4o-mini": "openai",
        "openai/gpt-4o-mini": "openai",
        "llama": None,
    }
    assert asked["llama"].json()["error"]["code"] == "model_not_found"


def test_aliases_of_its_own_replace_all_others(gateway: RunningGateway, openai: Provider) -> None:
    with_own_aliases(openai, smart="gpt-4-turbo")

    replies = {name: ask(gateway, "/openai", name) for name in ("smart", "fast", "gpt-4o-mini")}

    assert {name: reply.status_code for name, reply in replies.items()} == {
        "smart": 200,
        "fast": 404,
        "gpt-4o-mini": 200,
    }
    assert replies["smart"].json()["model"] == "gpt-4-turbo"
    assert gateway.ask("fast").headers["x-plexus-provider"] == "groq"
    assert gateway.ask("smart").status_code == 404


def test_an_exact_name_goes_before_the_longest_that_holds_a_star(gateway: RunningGateway, openai: Provider) -> None:
    for model in ("exact", "long", "short"):
        gateway.model(openai, model)
    with_own_aliases(openai, **{"gpt-4": "exact", "gpt-_star": "long", "_star": "short"})

    served = {name: ask(gateway, "/openai", name).headers["x-plexus-model"] for name in ("gpt-4", "gpt-5", "other")}

    assert served == {"gpt-4": "exact", "gpt-5": "long", "other": "short"}


def test_a_provider_that_takes_any_model_judges_the_name_itself(gateway: RunningGateway, openai: Provider) -> None:
    openai.takes_any_model = True
    openai.save()

    known = ask(gateway, "/openai", "gpt-99")
    unknown = [ask(gateway, "/openai", "status-404").status_code for _ in range(4)]

    assert (known.status_code, known.json()["model"]) == (200, "gpt-99")
    assert unknown == [404] * 4
    assert len(gateway.upstream.seen) == 5
    row = gateway.row(known)
    assert (row.provider, row.model, row.requested_model) == ("openai", "gpt-99", "gpt-99")


def test_a_route_of_an_alias_knows_nothing_else(gateway: RunningGateway, openai: Provider) -> None:
    alias = gateway.alias("team", gateway.model("groq", "mixtral"), synonyms=("ours",))
    saved(CustomRoute(path="/team/a", alias=alias))

    statuses = {name: ask(gateway, "/team/a", name).status_code for name in ("team", "ours", "fast", "groq/mixtral")}

    assert statuses == {"team": 200, "ours": 200, "fast": 404, "groq/mixtral": 404}
    assert gateway.post("/team/a", json=SAID).headers["x-plexus-alias"] == "team"


def test_a_route_of_nothing_knows_all_names(gateway: RunningGateway, openai: Provider) -> None:
    saved(CustomRoute(path="/all"))

    statuses = {name: ask(gateway, "/all", name).status_code for name in ("fast", "groq/llama", "gpt-4o-mini")}

    assert statuses == {"fast": 200, "groq/llama": 200, "gpt-4o-mini": 404}


def test_the_longest_path_decides(gateway: RunningGateway, openai: Provider) -> None:
    saved(CustomRoute(path="/openai/team", alias=Alias.objects.get(name="fast")))

    assert ask(gateway, "/openai/team/x", "fast").status_code == 200
    assert ask(gateway, "/openai/team/x", "gpt-4o-mini").status_code == 404
    assert ask(gateway, "/openai/teams", "gpt-4o-mini").status_code == 200


def test_models_are_listed_as_the_route_knows_them(gateway: RunningGateway, openai: Provider) -> None:
    assert listed(gateway, "/openai/models") == ["gpt-4-turbo", "gpt-4o-mini", "fast"]

    with_own_aliases(openai, smart="gpt-4-turbo", **{"gpt-_star": "gpt-4o-mini"})

    assert listed(gateway, "/openai/v1/models") == ["gpt-4-turbo", "gpt-4o-mini", "smart"]
    assert gateway.get("/openai/v1/models/smart").json()["id"] == "smart"
    assert listed(gateway, "/v1/models") == ["fast"]


def test_a_key_opens_by_a_route_nothing_that_it_does_not_open_elsewhere(
    gateway: RunningGateway, openai: Provider
) -> None:
    with_own_aliases(openai, smart="gpt-4-turbo", fast="gpt-4-turbo")
    openai.takes_any_model = True
    openai.save()
    saved(CustomRoute(path="/all"))
    saved(CustomRoute(path="/team", alias=gateway.alias("team", gateway.model("groq", "mixtral"))))
    key = gateway.new_key("narrow", allowed=[Alias.objects.get(name="fast")])

    asked = [
        *(("/openai", name) for name in ("smart", "fast", "gpt-4o-mini", "openai/gpt-4o-mini", "anything")),
        *(("/all", name) for name in ("openai/gpt-4o-mini", "openai/anything", "team")),
        ("/team", "team"),
    ]
    replies = [ask(gateway, path, name, key=key) for path, name in asked]

    assert [reply.status_code for reply in replies] == [403] * len(asked)
    assert {reply.json()["error"]["code"] for reply in replies} == {"model_not_allowed"}
    assert listed(gateway, "/openai/models", key=key) == listed(gateway, "/team/models", key=key) == []
    assert ask(gateway, "/all", "fast", key=key).status_code == 200
    assert len(gateway.upstream.seen) == 1


def test_whoever_asks_a_route_for_what_is_not_there_is_told_of_its_own_list(
    gateway: RunningGateway, openai: Provider
) -> None:
    with_own_aliases(openai, smart="gpt-4-turbo")

    refused = ask(gateway, "/openai", "zzz")

    assert refused.status_code == 404
    assert "GET /openai/models lists" in refused.json()["error"]["message"]
    assert gateway.get("/openai/models").status_code == 200


def test_a_route_needs_a_key(gateway: RunningGateway, openai: Provider) -> None:
    assert ask(gateway, "/openai", "gpt-4o-mini", key="").status_code == 401


def test_a_change_of_a_route_is_used_by_the_next_request(gateway: RunningGateway, openai: Provider) -> None:
    route = CustomRoute.objects.get()
    statuses = [ask(gateway, "/openai", "gpt-4o-mini").status_code]

    route.enabled = False
    route.save()
    statuses.append(ask(gateway, "/openai", "gpt-4o-mini").status_code)
    route.enabled, route.path = True, "/moved"
    route.save()
    statuses += [ask(gateway, path, "gpt-4o-mini").status_code for path in ("/openai", "/moved")]
    openai.enabled = False
    openai.save()
    statuses.append(ask(gateway, "/moved", "gpt-4o-mini").status_code)

    assert statuses == [200, 404, 404, 200, 503]


def test_a_route_that_was_written_past_its_rules_stands_nowhere(gateway: RunningGateway, openai: Provider) -> None:
    CustomRoute.objects.update(path="/admin")

    assert gateway.client.get("/admin/login/").status_code == 200
    assert ask(gateway, "/admin", "gpt-4o-mini").status_code != 200


def test_the_history_says_by_which_route_and_which_alias_it_came(gateway: RunningGateway, openai: Provider) -> None:
    with_own_aliases(openai, smart="gpt-4-turbo")

    reply = ask(gateway, "/openai", "smart")

    row = gateway.row(reply)
    assert (row.requested_model, row.alias, row.model) == ("smart", "openai:smart", "gpt-4-turbo")
    assert reply.headers["x-plexus-alias"] == "openai:smart"
    assert row.attempts.get().why.startswith("/openai, its alias smart; ")


def test_a_path_of_ten_thousand_slashes_costs_nothing(gateway: RunningGateway, openai: Provider) -> None:
    assert asked_raw(gateway, "/x" * 3000) in (404, 414)
