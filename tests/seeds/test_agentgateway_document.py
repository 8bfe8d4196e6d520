"""agentgateway's page on model aliases: its configuration as it is printed (examples/agentgateway/), and its four requests."""

import pytest

from providers.models import Endpoint
from tests import honest_answers
from tests.gateways import RunningGateway, saved
from tests.seeds.importing import EXAMPLES, import_file

FILE = EXAMPLES / "agentgateway" / "model-aliases.yaml"
SYSTEM = "You are a poetic assistant, skilled in explaining complex programming concepts with creative flair."
USER = "Compose a poem that explains the concept of recursion in programming."


@pytest.fixture(autouse=True)
def openai(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenAI answers with the snapshots that its names stand for, as on the page; its key is in the environment."""
    monkeypatch.setitem(honest_answers.SNAPSHOTS, "gpt-3.5-turbo", "gpt-3.5-turbo-0125")
    monkeypatch.setitem(honest_answers.SNAPSHOTS, "gpt-4-turbo", "gpt-4-turbo-2024-04-09")
    monkeypatch.setenv("OPENAI_SECRET", "sk-openai-secret")


def at_the_upstream(gateway: RunningGateway) -> None:
    """Lead the provider to our own server, as an operator would after the import."""
    for endpoint in Endpoint.objects.filter(provider__name="openai"):
        endpoint.base_url = gateway.upstream.url
        saved(endpoint)


# 1. Update your backend to add global model aliases


@pytest.mark.django_db
def test_the_snippet_imports_as_it_is_printed_and_a_second_time_changes_nothing() -> None:
    said, again = import_file(FILE), import_file(FILE)

    assert FILE.read_text().startswith("   kubectl apply -f- <<EOF")
    assert "+ alias fast\n" in said
    assert "+ alias smart\n" in said
    assert again.splitlines()[-1] == "Nothing to do: everything is as the file says."


# 2. and 3. Send a request with the fast model, and with smart: at /v1/chat/completions and at the custom route


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/openai"])
@pytest.mark.parametrize(("name", "answered_by"), [("fast", "gpt-3.5-turbo-0125"), ("smart", "gpt-4-turbo-2024-04-09")])
def test_a_request_succeeds_and_its_answer_shows_the_models_own_name(
    path: str, name: str, answered_by: str, gateway: RunningGateway
) -> None:
    import_file(FILE)
    at_the_upstream(gateway)
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": USER}]

    reply = gateway.post(path, json={"model": name, "messages": messages})

    assert reply.status_code == 200, reply.text
    assert reply.json()["model"] == answered_by
    assert reply.json()["usage"]["prompt_tokens"] > 0
    assert gateway.upstream.last.header("authorization") == "Bearer sk-openai-secret"
    assert gateway.upstream.last.path == "/v1/chat/completions"


# "Note that the example does not specify a default model"


def test_a_request_without_a_model_has_no_default(gateway: RunningGateway) -> None:
    import_file(FILE)
    at_the_upstream(gateway)

    reply = gateway.post("/openai", json={"messages": [{"role": "user", "content": USER}]})

    assert reply.status_code == 400
    assert gateway.upstream.seen == []


def test_a_name_that_is_no_alias_goes_to_the_provider_as_it_is(gateway: RunningGateway) -> None:
    import_file(FILE)
    at_the_upstream(gateway)

    reply = gateway.post("/openai", json={"model": "gpt-4o", "messages": [{"role": "user", "content": USER}]})

    assert reply.json()["model"] == "gpt-4o"
