import pytest

from gateway.interchange.difference import lines
from providers.models import Endpoint, Provider
from tests.gateway.interchange.importing import BASE, import_text, refusals, warnings
from tests.gateways import saved

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize("auth", ["", "    auth: {type: bearer}\n", "    auth: {credential: kept}\n"])
def test_a_stored_key_stays_when_the_file_names_none(auth: str, prune: bool) -> None:
    Provider(name="p", credential="sk-very-secret").save()
    stored = Provider.objects.get().credential

    difference = import_text(f"providers:\n  - name: p\n{auth}models: []\n", prune=prune)

    assert difference.changes == ()
    assert Provider.objects.get().credential == stored


def test_a_named_variable_replaces_a_stored_key_which_is_not_shown() -> None:
    Provider(name="p", credential="sk-very-secret").save()

    difference = import_text("- name: p\n  auth: {apiKeyEnv: OPENAI_API_KEY}")

    assert list(lines(difference.changes)) == ["~ provider p", "    credential: a stored key → $OPENAI_API_KEY"]


def test_a_stored_key_does_not_follow_a_file_to_another_host() -> None:
    provider = saved(Provider(name="p", credential="sk-very-secret"))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://p.example.com/v1"))
    moved = "- name: p\n  baseUrls: {chat: 'https://evil.example.com/v1'}\n"

    difference = import_text(moved)

    assert refusals(difference)[0].startswith("providers[0].baseUrls.chat (line 2): The stored key of “p”")
    assert "apiKeyEnv" in refusals(difference)[0]
    assert import_text(f"{moved}  auth: {{apiKeyEnv: P_KEY}}\n").was_applied


def test_a_stored_key_stays_when_its_host_changes_the_api_type() -> None:
    provider = saved(Provider(name="p", credential="sk-very-secret"))
    saved(Endpoint(provider=provider, api_type="chat", base_url="https://p.example.com/v1"))

    assert import_text("- name: p\n  baseUrls: {embeddings: 'https://p.example.com/v1'}").was_applied


@pytest.mark.parametrize("prune", [False, True])
def test_a_variable_without_a_name_takes_no_stored_key_away(prune: bool) -> None:
    Provider(name="p", credential="sk-very-secret").save()
    stored = Provider.objects.get().credential

    difference = import_text("providers:\n  - name: p\n    auth: {apiKeyEnv: }\nmodels: []", prune=prune)

    assert difference.changes == ()
    assert Provider.objects.get().credential == stored


def test_a_variable_that_is_not_set_is_a_warning() -> None:
    difference = import_text(BASE, environment={})

    assert difference.was_applied
    assert warnings(difference) == [
        "providers[0].auth.apiKeyEnv (line 5): The environment variable OPENAI_API_KEY is not set here."
    ]


def test_a_provider_without_a_key_is_a_warning() -> None:
    assert "has no key" in warnings(import_text("- name: p"))[0]
    reachable = "- name: q\n  auth: {type: none}\n  baseUrls: {chat: 'https://q.example.com/v1'}"
    assert warnings(import_text(reachable)) == []


def test_a_target_of_a_disabled_provider_is_a_warning() -> None:
    difference = import_text(BASE.replace("name: openai", "name: openai\n    enabled: false"))

    assert [line.split(" (")[0] for line in warnings(difference)] == ["models[0].targets[0]", "models[1].targets[0]"]
