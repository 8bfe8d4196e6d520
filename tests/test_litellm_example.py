"""examples/litellm/config.yaml, from its import to answers."""

import pytest

from providers.models import Endpoint
from routing.store import TABLE
from tests.faulty_upstream import an_unused_port
from tests.gateways import RunningGateway, saved
from tests.seeds.importing import EXAMPLES, import_file

FILE = EXAMPLES / "litellm" / "config.yaml"
KEYS = ("AZURE_API_KEY_EU", "AZURE_API_KEY_CA", "ANTHROPIC_API_KEY", "GROQ_API_KEY")


@pytest.fixture(autouse=True)
def keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, f"sk-{name.lower()}")


def lead(provider: str, url: str) -> None:
    """Lead a provider to another address, as an operator would after the import."""
    for endpoint in Endpoint.objects.filter(provider__name__startswith=provider):
        endpoint.base_url = url
        saved(endpoint)


@pytest.mark.django_db
def test_it_imports_as_it_stands_and_a_second_time_changes_nothing() -> None:
    said, again = import_file(FILE), import_file(FILE)

    assert said.splitlines()[0] == "Read as LiteLLM YAML."
    assert said.splitlines()[-1].startswith("Applied")
    assert again.splitlines()[-1] == "Nothing to do: everything is as the file says."


def test_a_name_and_its_other_name_are_answered_by_its_deployments(gateway: RunningGateway) -> None:
    import_file(FILE)
    lead("azure", gateway.upstream.url)

    models = {gateway.ask(name).json()["model"] for name in ("gpt-4o", "gpt-4") for _ in range(3)}

    assert models <= {"gpt-4o-eu", "gpt-4o-ca"}
    weights = [candidate.weight for candidate in TABLE.current.resolve("gpt-4o").tiers[0]]
    assert weights == [6, 54]


def test_the_fallback_answers_when_all_deployments_have_failed(gateway: RunningGateway) -> None:
    import_file(FILE)
    lead("azure", f"http://127.0.0.1:{an_unused_port()}/v1")
    lead("anthropic", gateway.upstream.url)

    reply = gateway.ask("gpt-4o")

    assert reply.json()["model"] == "claude-3-5-sonnet-20241022"
    assert gateway.upstream.last.header("authorization") == "Bearer sk-anthropic_api_key"


def test_any_model_of_a_provider_may_be_asked_for(gateway: RunningGateway) -> None:
    import_file(FILE)
    lead("groq", gateway.upstream.url)

    assert gateway.ask("groq/llama-3.3-70b").json()["model"] == "llama-3.3-70b"
