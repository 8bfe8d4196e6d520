"""The published schema says what the reader says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.interchange import plexus
from gateway.interchange.findings import Kind
from gateway.interchange.plexus import schema, vocabulary
from gateway.interchange.yaml_nodes import Items, Keys, Node, Scalar, nodes_of
from tests.gateway.interchange.configurations import configurations
from tests.gateway.interchange.importing import BASE, exported, import_text

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs" / schema.ADDRESS
OURS = sorted((ROOT / "examples").glob("*.yaml"))
VALIDATOR = Draft202012Validator(schema.schema())

SAMPLE = """
providers:
  - name: openai
    displayName: OpenAI
    enabled: true
    apiTypes: [chat]
    baseUrls: {chat: "https://api.openai.com/v1"}
    auth: {type: bearer, apiKeyEnv: OPENAI_API_KEY}
    extraHeaders: {X-Title: plexus}
    asksStreamUsage: true
    timeouts: {connectSeconds: 3}
    maxInFlight: 5
    takesAnyModel: false
    aliases: {fast: gpt-4o}
    models:
      - gpt-4o
      - {name: gpt-4o-mini, contextLength: 128000, price: {inputUsdPerMtok: 0.15, outputUsdPerMtok: 0.6}}
models:
  - alias: fast
    description: Fast
    additionalAliases: [quick]
    selector: random
    weightMode: relative
    answerModel: upstream
    maxAttempts: 3
    streamMode: live
    sticky: session
    stickySeconds: 60
    listed: true
    default: false
    targets:
      - {provider: openai, model: gpt-4o, weight: 70, tier: 0, enabled: true, timeouts: {idleSeconds: 5}}
      - {alias: other, tier: 1, conditions: [timeout]}
patterns:
  - {pattern: "gpt-*", provider: openai, model: "gpt-*", enabled: true}
  - {pattern: "claude-*", alias: fast}
routes:
  - {path: /openai, provider: openai, apiType: chat, enabled: true}
  - {path: /fast, alias: fast}
"""


def plain(node: Node | None) -> Any:  # Any: what YAML can hold
    """As our own reader takes it: a date, for instance, is text."""
    match node:
        case Keys():
            return {key: plain(value) for key, value in node.nodes.items()}
        case Items():
            return [plain(one) for one in node.nodes]
        case Scalar():
            return node.value
    return None


def refused_by_schema(text: str) -> bool:
    return not VALIDATOR.is_valid(plain(nodes_of(text)))


def refused_by_reader(text: str) -> bool:
    return any(finding.kind is Kind.REFUSED for finding in plexus.read(text).findings)


def test_the_published_schema_is_the_one_that_the_code_has() -> None:
    assert PUBLISHED.read_text() == schema.text(), "Run: manage.py export_config --schema > docs/" + schema.ADDRESS


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema.schema())


@pytest.mark.parametrize(
    ("part", "keys"),
    [
        ("provider", {*vocabulary.PROVIDER_KEYS, vocabulary.LITERAL_KEY}),
        ("model", {*vocabulary.MODEL_KEYS}),
        ("alias", {*vocabulary.ALIAS_KEYS}),
        ("target", {*vocabulary.TARGET_KEYS}),
        ("pattern", {*vocabulary.PATTERN_KEYS}),
        ("route", {*vocabulary.ROUTE_KEYS}),
    ],
)
def test_the_schema_knows_every_word_of_the_reader(part: str, keys: set[str]) -> None:
    assert keys == set(schema.schema()["$defs"][part]["properties"])


def test_a_whole_file_of_every_key_is_taken_by_both() -> None:
    assert not refused_by_schema(SAMPLE)
    assert not refused_by_reader(SAMPLE)


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_the_examples_keep_to_the_schema(file: Path) -> None:
    assert list(VALIDATOR.iter_errors(plain(nodes_of(file.read_text())))) == []


def test_the_documented_file_keeps_to_the_schema() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    documented = [part for part in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "providers:" in part]

    assert documented
    assert not any(map(refused_by_schema, documented))


@pytest.mark.django_db
def test_an_export_keeps_to_the_schema() -> None:
    import_text(BASE)

    assert list(VALIDATOR.iter_errors(plain(nodes_of(exported())))) == []


@settings(max_examples=60, deadline=None)
@given(written=configurations())
def test_whatever_can_be_configured_keeps_to_the_schema(written: Any) -> None:  # Any: what YAML can hold
    assert list(VALIDATOR.iter_errors(written)) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("name: openai", "name: 5"),
        ("enabled: true", "enabled: yes please"),
        ("apiTypes: [chat]", "apiTypes: chat"),
        ("{type: bearer, apiKeyEnv", "{type: basic, apiKeyEnv"),
        ("apiKeyEnv: OPENAI_API_KEY", "apiKey: sk-1234"),
        ("apiKeyEnv: OPENAI_API_KEY", "credential: sk-1234"),
        ("connectSeconds: 3", "connectSeconds: soon"),
        ("- gpt-4o\n", "- 4\n"),
        ("selector: random", "selector: wise"),
        ("weight: 70", "weight: 0.7"),
        ("alias: other", "alias: other, model: gpt-4o"),
        ("provider: openai, model: gpt-4o,", "provider: openai,"),
        ("alias: fast", "nickname: fast"),
        ("    targets:", "    goals:"),
        ("sticky: session", "sticky: true"),
        ('claude-*", alias: fast', 'claude-*", alias: fast, provider: openai'),
        ("path: /fast, alias: fast", "path: /fast, alias: fast, provider: openai"),
        ("apiType: chat", "apiType: telepathy"),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses(right: str, wrong: str) -> None:
    text = SAMPLE.replace(right, wrong, 1)

    assert text != SAMPLE
    assert refused_by_schema(text)
    assert refused_by_reader(text)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # Any: what YAML can hold
    """Every place in it, as the keys that lead there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places_in(one, (*path, key)))]


JUNK: list[Any] = [None, True, 0, -1, 0.5, "", "x", [], [1], [None], {}, {"x": 1}, "off", False, 70.0]


@settings(max_examples=400, deadline=None)
@given(place=st.sampled_from(places_in(yaml.safe_load(SAMPLE))[1:]), junk=st.sampled_from(JUNK))
def test_no_junk_is_refused_by_the_schema_alone(place: tuple[Any, ...], junk: Any) -> None:  # Any: what YAML can hold
    value: Any = yaml.safe_load(SAMPLE)
    parent = value
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = junk
    text = yaml.safe_dump(value)

    assert refused_by_reader(text) or not refused_by_schema(text)
