"""Phase 3's two documents, quick start and summary: every configuration in them (examples/), from its import to answers.

Its later formats, Plexus 2's YAML and the JSON of backups, give the same results (examples/plexus-2/).
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from routing.selection import SELECTORS
from routing.store import TABLE
from tests.faulty_upstream import an_unused_port
from tests.gateways import RunningGateway
from tests.seeds.importing import EXAMPLES, Shares, import_text, refusal_of

MINI: Shares = {"openai/gpt-4o-mini": 1}
TO_OPENAI_AND_AZURE: Shares = {"openai/gpt-4o": 0.7, "azure-openai/gpt-4o": 0.3}
IN_ORDER: Shares = {"primary/gpt-4-turbo": 1, "backup/gpt-4o": 0}

DOCUMENTED: Mapping[str, Mapping[str, Shares]] = {
    "quick-start": {"fast": MINI},
    "simple-alias": {"fast": MINI},
    "described-alias": {"fast": MINI},
    "synonyms": {"fast": MINI, "quick": MINI, "cheap": MINI},
    "load-balancing": {
        "smart": TO_OPENAI_AND_AZURE,
        "openai/gpt-4o": {"openai/gpt-4o": 1},
        "azure-openai/gpt-4o": {"azure-openai/gpt-4o": 1},
    },
    "weighted-with-synonyms": dict.fromkeys(("smart", "best", "flagship"), TO_OPENAI_AND_AZURE),
    "multi-provider-redundancy": {"production": {"openai/gpt-4o": 0.5, "azure-openai/gpt-4o": 0.5}},
    "failover": {"reliable": IN_ORDER},
    "failover-to-another-model": {"balanced": IN_ORDER},
    "cost-tiers": {
        "economy": {"openai/gpt-4o-mini": 1},
        "standard": {"openai/gpt-4-turbo": 1},
        "premium": {"openai/gpt-4o": 1},
    },
    "gradual-rollout": {"production": {"existing-provider/model-v1": 0.95, "new-provider/model-v2": 0.05}},
}
"""Example -> name that clients may ask for -> who answers."""


def text_of(example: str) -> str:
    return (EXAMPLES / f"{example}.yaml").read_text()


@pytest.fixture(autouse=True)
def keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for every provider of every example."""
    for file in EXAMPLES.glob("*.yaml"):
        for name in re.findall(r'apiKeyEnv: "(\w+)"', file.read_text()):
            monkeypatch.setenv(name, f"sk-{name.lower()}")


def at(url: str, text: str) -> str:
    """The text with every provider at this address."""
    return re.sub(r'"https://[^"]+/chat/completions"', f'"{url}/chat/completions"', text)


def shares_of(name: str) -> Shares:
    """Who is asked first for this name, and how often, as the table has it."""
    route = TABLE.current.resolve(name)
    (tier,) = route.tiers
    chances = SELECTORS[route.selector].chances(tier, {})
    upstreams = [TABLE.current.upstreams[candidate.upstream] for candidate in tier]
    return {f"{one.provider}/{one.model}": share for one, share in zip(upstreams, chances, strict=True)}


def test_every_example_is_documented_here() -> None:
    assert {file.stem for file in EXAMPLES.glob("*.yaml")} == DOCUMENTED.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("example", DOCUMENTED)
def test_an_example_imports_as_it_stands(example: str, tmp_path: Path) -> None:
    said = import_text(text_of(example), tmp_path)

    assert said.splitlines()[-1].startswith("Applied")
    assert not re.search("ignored|adapted|warning", said)


@pytest.mark.parametrize("example", DOCUMENTED)
def test_an_example_answers_as_documented(example: str, gateway: RunningGateway, tmp_path: Path) -> None:
    import_text(at(gateway.upstream.url, text_of(example)), tmp_path)

    for name, shares in DOCUMENTED[example].items():
        reply = gateway.ask(name, "Hello!")

        assert reply.status_code == 200, reply.text
        assert reply.json()["choices"][0]["message"]["content"] == "Hello!"
        served_by = f"{reply.headers['x-plexus-provider']}/{reply.headers['x-plexus-model']}"
        assert shares[served_by] > 0
        assert reply.json()["model"] == served_by.partition("/")[2]
        assert shares_of(name) == pytest.approx(shares)
        assert gateway.row(reply).provider == reply.headers["x-plexus-provider"]


@pytest.mark.parametrize("example", DOCUMENTED)
def test_the_names_of_an_example_are_listed(example: str, gateway: RunningGateway, tmp_path: Path) -> None:
    import_text(at(gateway.upstream.url, text_of(example)), tmp_path)

    listed = {model["id"] for model in gateway.get("/v1/models").json()["data"]}

    assert listed == {name for name in DOCUMENTED[example] if "/" not in name}


@pytest.mark.parametrize(("example", "name"), [("failover", "reliable"), ("failover-to-another-model", "balanced")])
def test_the_second_answers_when_the_first_cannot_be_reached(
    example: str, name: str, gateway: RunningGateway, tmp_path: Path
) -> None:
    nobody = f"http://127.0.0.1:{an_unused_port()}/v1"
    text = text_of(example).replace("https://primary.example.com/v1", nobody)
    import_text(at(gateway.upstream.url, text), tmp_path)

    reply = gateway.ask(name)

    assert reply.status_code == 200, reply.text
    assert reply.headers["x-plexus-provider"] == "backup"
    assert reply.headers["x-plexus-attempts"] == "2"
    assert gateway.row(reply).provider == "backup"


# What the documents say besides: the list, direct access, troubleshooting, validation


def test_the_models_are_listed_as_the_summary_shows(gateway: RunningGateway, tmp_path: Path) -> None:
    text = text_of("quick-start").replace("    targets:", '    additionalAliases: ["quick"]\n    targets:')
    import_text(at(gateway.upstream.url, text), tmp_path)

    reply = gateway.get("/v1/models").json()

    assert reply["object"] == "list"
    assert [(one["id"], one["object"], one["owned_by"], one["description"]) for one in reply["data"]] == [
        ("fast", "model", "plexus", "Fast, cost-effective model"),
        ("quick", "model", "plexus", "Alias for: fast"),
    ]


def test_names_are_case_sensitive(gateway: RunningGateway, tmp_path: Path) -> None:
    import_text(at(gateway.upstream.url, text_of("quick-start")), tmp_path)

    reply = gateway.ask("Fast")

    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "model_not_found"


def test_a_disabled_provider_leaves_no_enabled_targets(gateway: RunningGateway, tmp_path: Path) -> None:
    text = at(gateway.upstream.url, text_of("quick-start")).replace("enabled: true", "enabled: false")
    said = import_text(text, tmp_path)

    reply = gateway.ask("fast")

    assert "warning: models[0].targets[0] (line 20): The provider “openai” is disabled" in said
    assert reply.json()["error"]["code"] == "no_enabled_targets"


def test_a_changed_file_is_in_use_at_once(gateway: RunningGateway, tmp_path: Path) -> None:
    text = at(gateway.upstream.url, text_of("quick-start"))
    import_text(text, tmp_path)
    import_text(text.replace("gpt-4o-mini", "gpt-4o"), tmp_path)

    assert gateway.ask("fast").json()["model"] == "gpt-4o"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('- alias: "fast"', '- {alias: fast, targets: []}\n  - alias: "fast"', "The name “fast” stands here already"),
        ('- provider: "openai"', '- provider: "elsewhere"', "There is no provider “elsewhere”."),
        ('        model: "gpt-4o-mini"', '        model: "gpt-5"', "The provider “openai” has no model “gpt-5”."),
    ],
)
def test_what_the_documents_forbid_is_refused_with_its_line(right: str, wrong: str, said: str, tmp_path: Path) -> None:
    errors = refusal_of(text_of("quick-start").replace(right, wrong), tmp_path)

    assert said in errors
    assert "(line " in errors


# The later formats

LATER: Mapping[str, Mapping[str, str]] = {
    "config.yaml": {**dict.fromkeys(("fast", "quick", "cheap"), "openai/gpt-4o-mini"), "reliable": "openai/gpt-4o"},
    "backup.json": dict.fromkeys(("fast", "quick"), "openai/gpt-4o-mini"),
}
"""File in examples/plexus-2/ -> name -> who is asked first."""


@pytest.mark.parametrize("file", LATER)
def test_a_later_file_answers_as_the_first_format_does(
    file: str, gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (EXAMPLES / "plexus-2" / file).read_text()
    assert "your-openai-key" in text
    said = import_text(re.sub(r"https://[\w.]+/v1", gateway.upstream.url, text), tmp_path)
    assert "set the environment variable OPENAI_API_KEY to the provider’s key" in said
    assert "your-openai-key" not in said
    monkeypatch.setenv("OPENAI_API_KEY", "sk-set-by-the-operator")

    for name, served_by in LATER[file].items():
        reply = gateway.ask(name)

        assert f"{reply.headers['x-plexus-provider']}/{reply.headers['x-plexus-model']}" == served_by
        assert gateway.upstream.last.header("authorization") == "Bearer sk-set-by-the-operator"


def test_the_second_group_of_a_backup_answers_when_the_first_fails(
    gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "BACKUP_API_KEY"):
        monkeypatch.setenv(name, "sk-set-by-the-operator")
    nobody = f"http://127.0.0.1:{an_unused_port()}/v1"
    text = (EXAMPLES / "plexus-2" / "backup.json").read_text().replace("https://api.openai.com/v1", nobody)
    import_text(text.replace("https://backup.example.com/v1", gateway.upstream.url), tmp_path)

    reply = gateway.ask("fast")

    assert reply.headers["x-plexus-provider"] == "backup"
