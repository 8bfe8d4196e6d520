"""Every file in examples/, from its import to answered requests."""

import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.management import call_command

from routing.selection import SELECTORS
from routing.store import TABLE
from tests.faulty_upstream import an_unused_port
from tests.gateways import RunningGateway

FOLDER = Path(__file__).parent.parent / "examples"
Shares = Mapping[str, float]
"""provider/model -> how often it is asked first."""

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
    return (FOLDER / f"{example}.yaml").read_text()


@pytest.fixture(autouse=True)
def keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for every provider of every example."""
    for file in FOLDER.glob("*.yaml"):
        for name in re.findall(r'apiKeyEnv: "(\w+)"', file.read_text()):
            monkeypatch.setenv(name, f"sk-{name.lower()}")


def import_text(text: str, folder: Path) -> str:
    """What import_config says of this text."""
    file, said = folder / "plexus.yaml", io.StringIO()
    file.write_text(text)
    call_command("import_config", str(file), stdout=said)
    return said.getvalue()


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
    assert {file.stem for file in FOLDER.glob("*.yaml")} == DOCUMENTED.keys()


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
