"""Plano's page on model aliases: every configuration in it (examples/plano/), from its import to answers, and its requests."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from providers.addresses import AllowedNetworks
from routing.models import Alias
from routing.selection import SELECTORS
from routing.store import TABLE, compile_table
from routing.table import RoutingTable
from tests.faulty_upstream import FaultyUpstream
from tests.gateways import RunningGateway
from tests.seeds.importing import EXAMPLES, Shares, import_text, refusal_of

FOLDER = EXAMPLES / "plano"
MINI: Shares = {"openai/gpt-4o-mini": 1}
GPT_4O: Shares = {"openai/gpt-4o": 1}
SONNET: Shares = {"anthropic/claude-3-5-sonnet-20241022": 1}
LLAMA: Shares = {"ollama/llama3.1": 1}
THIRDS = {f"openai/gpt-4o-mini at https://api-{number}.example.com": 1 / 3 for number in (1, 2, 3)}

DOCUMENTED: Mapping[str, Mapping[str, Shares]] = {
    "model-aliases": {
        **dict.fromkeys(("arch.summarize.v1", "fast-model"), MINI),
        **dict.fromkeys(("arch.reasoning.v1", "smart-model"), GPT_4O),
        **dict.fromkeys(("arch.creative.v1", "creative-model"), SONNET),
        "local-chat": LLAMA,
    },
    "versions": {"arch.summarize.v1": MINI, "arch.summarize.v2": GPT_4O, "arch.summarize.latest": MINI},
    "purposes": {
        "code-reviewer": GPT_4O,
        "document-summarizer": MINI,
        "creative-writer": SONNET,
        "data-analyst": GPT_4O,
    },
    "environments": {"dev.chat.v1": MINI, "prod.chat.v1": GPT_4O, "staging.chat.v1": SONNET},
    "guardrails": {"arch.reasoning.v1": {"groq/gpt-oss-120b": 1}},
    "fallback-chain": {"arch.summarize.v1": MINI},
    "traffic-splitting": {
        "arch.v1": {"ollama/llama3.1": 0.8, "openai/gpt-4o-mini": 0.2},
        "arch.experimental.v1": {"openai/gpt-4o": 0.95, "openai/o1-preview": 0.05},
    },
    "load-balancing": {"high-throughput-chat": THIRDS},
}
"""Example -> name that clients may ask for -> who is asked first, and how often."""


def text_of(example: str) -> str:
    return (FOLDER / f"{example}.yaml").read_text()


@pytest.fixture(autouse=True)
def keys_and_networks(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """A key for every provider, and a private network for Ollama."""
    for name in ("OPENAI", "ANTHROPIC", "GROQ"):
        monkeypatch.setenv(f"{name}_API_KEY", f"sk-{name.lower()}")
    settings.PLEXUS_PRIVATE_UPSTREAMS = AllowedNetworks.parse("127.0.0.0/8")


@pytest.fixture
def three() -> Iterator[list[FaultyUpstream]]:
    """One model at three addresses."""
    with ExitStack() as stack:
        yield [stack.enter_context(FaultyUpstream()) for _ in range(3)]


def at(url: str, text: str) -> str:
    """The text with every model at this address."""
    text = re.sub(r"\n    base_url: .*", "", text)
    return re.sub(r"(?m)^(  - model: .*)$", rf"\1\n    base_url: {url}", text)


def shares_of(name: str, table: RoutingTable) -> Shares:
    """Who is asked first for this name, and how often, as the table has it."""
    route = table.resolve(name)
    tier = route.tiers[0]
    chances = SELECTORS[route.selector].chances(tier, {})
    upstreams = [table.upstreams[candidate.upstream] for candidate in tier]
    return {one.key: share for one, share in zip(upstreams, chances, strict=True)}


def test_every_example_is_documented_here() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == DOCUMENTED.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("example", DOCUMENTED)
def test_an_example_imports_as_it_stands_and_a_second_time_changes_nothing(example: str, tmp_path: Path) -> None:
    said = import_text(text_of(example), tmp_path)
    again = import_text(text_of(example), tmp_path)

    assert said.splitlines()[0] == "Read as Plano YAML."
    assert said.splitlines()[-1].startswith("Applied")
    assert "warning" not in said
    assert again.splitlines()[-1] == "Nothing to do: everything is as the file says."


@pytest.mark.django_db
@pytest.mark.parametrize("example", DOCUMENTED)
def test_an_example_comes_back_from_an_export(example: str, tmp_path: Path) -> None:
    import_text(text_of(example), tmp_path)
    exported = io.StringIO()
    call_command("export_config", stdout=exported)

    again = import_text(exported.getvalue(), tmp_path, "--prune")

    assert again.splitlines()[-1] == "Nothing to do: everything is as the file says."


@pytest.mark.django_db
@pytest.mark.parametrize("example", DOCUMENTED)
def test_nothing_of_an_example_is_left_out(example: str, tmp_path: Path) -> None:
    assert "ignored" not in import_text(text_of(example), tmp_path)


@pytest.mark.django_db
def test_each_guardrail_is_kept_and_said_not_to_be_enforced(tmp_path: Path) -> None:
    said = import_text(text_of("guardrails"), tmp_path)

    lines = [line for line in said.splitlines() if "guardrails." in line]
    assert [
        re.findall(r"^adapted: model_aliases.arch.reasoning.v1.guardrails\.(\w+) \(line \d+\)", line) for line in lines
    ] == [
        ["max_latency"],
        ["max_cost_per_request"],
        ["block_categories"],
        ["content_filters"],
    ]
    assert all("kept, and not enforced yet" in line for line in lines)
    assert Alias.objects.get(name="arch.reasoning.v1").guardrails == {
        "max_latency": "5s",
        "max_cost_per_request": 0.1,
        "block_categories": ["jailbreak", "PII"],
        "content_filters": [{"type": "profanity"}, {"type": "sensitive_data"}],
    }


@pytest.mark.parametrize("example", sorted(DOCUMENTED.keys() - {"load-balancing"}))
def test_an_example_answers_as_documented(example: str, gateway: RunningGateway, tmp_path: Path) -> None:
    import_text(at(gateway.upstream.url, text_of(example)), tmp_path)

    for name, shares in DOCUMENTED[example].items():
        reply = gateway.ask(name, "Hello!")

        assert reply.status_code == 200, reply.text
        assert reply.json()["choices"][0]["message"]["content"] == "Hello!"
        assert shares[f"{reply.headers['x-plexus-provider']}/{reply.headers['x-plexus-model']}"] > 0
        assert shares_of(name, TABLE.current) == pytest.approx(shares)


def test_instances_of_one_model_take_turns(
    gateway: RunningGateway, three: list[FaultyUpstream], tmp_path: Path
) -> None:
    text = text_of("load-balancing")
    for number, upstream in enumerate(three, start=1):
        text = text.replace(f"https://api-{number}.example.com", upstream.url.removesuffix("/v1"))
    import_text(text, tmp_path)

    replies = [gateway.ask("high-throughput-chat") for _ in range(9)]

    assert {reply.status_code for reply in replies} == {200}
    assert [len(upstream.seen) for upstream in three] == [3, 3, 3]
    assert {seen.path for upstream in three for seen in upstream.seen} == {"/v1/chat/completions"}
    assert {seen.header("authorization") for upstream in three for seen in upstream.seen} == {"Bearer sk-openai"}


@pytest.mark.django_db
def test_one_model_at_three_addresses_has_equal_shares(tmp_path: Path) -> None:
    import_text(text_of("load-balancing"), tmp_path)

    assert shares_of("high-throughput-chat", compile_table(1)) == pytest.approx(THIRDS)


def test_traffic_is_split_by_the_weights(gateway: RunningGateway, tmp_path: Path) -> None:
    import_text(at(gateway.upstream.url, text_of("traffic-splitting")), tmp_path)

    served = Counter(gateway.ask("arch.v1").headers["x-plexus-model"] for _ in range(100))

    # Four standard deviations of 80 in 100 are 16.
    assert 64 <= served["llama3.1"] <= 96
    assert served["llama3.1"] + served["gpt-4o-mini"] == 100


@pytest.mark.django_db
def test_a_chain_of_fallbacks_becomes_tiers_with_conditions(tmp_path: Path) -> None:
    import_text(text_of("fallback-chain"), tmp_path)

    table = compile_table(1)
    tiers = table.routes["arch.summarize.v1"].tiers
    assert [(table.upstreams[candidate.upstream].key, candidate.conditions) for (candidate,) in tiers] == [
        ("openai/gpt-4o-mini", ()),
        ("ollama/llama3.1", ("quota_exceeded", "timeout")),
        ("anthropic/claude-3-haiku-20240307", ("primary_and_first_fallback_failed",)),
    ]


# "Client code examples": once aliases are configured


@pytest.mark.parametrize(
    ("path", "name", "answered_by"),
    [
        ("/chat/completions", "arch.summarize.v1", "gpt-4o-mini"),
        ("/chat/completions", "arch.reasoning.v1", "gpt-4o"),
        ("/v1/chat/completions", "fast-model", "gpt-4o-mini"),
    ],
)
def test_the_pages_clients_are_answered(
    path: str, name: str, answered_by: str, gateway: RunningGateway, tmp_path: Path
) -> None:
    import_text(at(gateway.upstream.url, text_of("model-aliases")), tmp_path)

    reply = gateway.post(path, json={"model": name, "messages": [{"role": "user", "content": "Hello!"}]})

    assert reply.status_code == 200, reply.text
    assert reply.json()["model"] == answered_by
    assert reply.json()["choices"][0]["message"]["content"] == "Hello!"


# "Fallback chains: provide a chain of models if the primary target fails or hits quota limits"


def test_the_first_fallback_answers_when_the_quota_is_used_up(gateway: RunningGateway, tmp_path: Path) -> None:
    text = text_of("fallback-chain").replace("gpt-4o-mini", "status-402")
    import_text(at(gateway.upstream.url, text), tmp_path)

    reply = gateway.ask("arch.summarize.v1")

    assert (reply.status_code, reply.json()["model"]) == (200, "llama3.1")


def test_the_last_one_answers_when_the_primary_and_the_first_fallback_have_failed(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    text = text_of("fallback-chain").replace("gpt-4o-mini", "status-402").replace("llama3.1", "status-503")
    import_text(at(gateway.upstream.url, text), tmp_path)

    reply = gateway.ask("arch.summarize.v1")

    assert (reply.status_code, reply.json()["model"]) == (200, "claude-3-haiku-20240307")


# "Validation rules"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("not/valid: {target: gpt-4o}", "A name has letters, digits, dots, hyphens and underscores only."),
        ("a: {target: gpt-5}", "“gpt-5” is not a model of `llm_providers`, nor an alias."),
        ("a: {target: b}\n  b: {target: a}", "An alias cannot reach itself"),
        ("a: {targets: [{model: gpt-4o, weight: 80}, {model: llama3.1, weight: 10}]}", "sum to 90, not 100"),
    ],
)
def test_what_the_page_forbids_is_refused_with_its_line_and_changes_nothing(
    alias: str, said: str, tmp_path: Path
) -> None:
    text = text_of("model-aliases").partition("model_aliases:")[0] + f"model_aliases:\n  {alias}\n"

    errors = refusal_of(text, tmp_path)

    assert said in errors
    assert "(line " in errors
    assert not Alias.objects.exists()
