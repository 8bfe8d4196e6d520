"""A whole configuration as values: what every format is read into, and what the database is changed to.

The fields are called as the fields of the models. What a file does not speak of is ABSENT, which is not the same as
empty: an import leaves it as it is. Targets and synonyms have nothing absent: an alias that is named has exactly those.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal, TypeAlias, TypeVar

from gateway.interchange.findings import NOWHERE, Finding, Kind, Place


class Absent(Enum):
    """The one value ABSENT."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
T = TypeVar("T")
D = TypeVar("D")
Said: TypeAlias = T | Literal[Absent.ABSENT]
Places = Mapping[str, Place]
"""Field -> where the file says it; "" -> where the entry itself stands."""


def or_else(said: Said[T], default: D) -> T | D:
    """What was said; the default where nothing was."""
    return default if said is ABSENT else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something the file names."""

    where: Places = field(default_factory=dict, compare=False, repr=False)

    def place(self, of: str = "") -> Place:
        """Where the file says the field `of`; where the entry stands if it does not."""
        return self.where.get(of) or self.where.get("", NOWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry(Entry):
    """A ProviderModel."""

    name: str
    enabled: Said[bool] = ABSENT
    api_types: Said[list[str]] = ABSENT
    context_length: Said[int | None] = ABSENT
    input_usd_per_mtok: Said[Decimal | None] = ABSENT
    output_usd_per_mtok: Said[Decimal | None] = ABSENT
    cached_input_usd_per_mtok: Said[Decimal | None] = ABSENT
    max_in_flight: Said[int | None] = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointEntry(Entry):
    """An Endpoint."""

    api_type: str
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAliasEntry(Entry):
    """A ProviderAlias: what a name means on the provider's own route."""

    name: str
    """May hold `*`."""
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEntry(Entry):
    """A Provider with its addresses, models and aliases."""

    name: str
    display_name: Said[str] = ABSENT
    enabled: Said[bool] = ABSENT
    auth: Said[str] = ABSENT
    auth_header: Said[str] = ABSENT
    credential: Said[str] = field(default=ABSENT, repr=False)
    """`$NAME` of an environment variable. ABSENT keeps a stored key."""
    extra_headers: Said[dict[str, str]] = field(default=ABSENT, repr=False)
    """With `kept_headers` all of them: one that is in neither is taken away. ABSENT keeps them all."""
    kept_headers: Said[list[str]] = ABSENT
    """The names of those whose values are stored with the provider, and stay. ABSENT: there are none."""
    asks_stream_usage: Said[bool] = ABSENT
    takes_any_model: Said[bool] = ABSENT
    connect_timeout_seconds: Said[float | None] = ABSENT
    first_byte_timeout_seconds: Said[float | None] = ABSENT
    idle_timeout_seconds: Said[float | None] = ABSENT
    semantic_idle_timeout_seconds: Said[float | None] = ABSENT
    answer_timeout_seconds: Said[float | None] = ABSENT
    max_in_flight: Said[int | None] = ABSENT
    probe_every_seconds: Said[float | None] = ABSENT
    endpoints: Said[tuple[EndpointEntry, ...]] = ABSENT
    """All of them: an address that is not here is taken away."""
    keeps_other_endpoints: bool = False
    """The format knows one API type only, so it says nothing about addresses for others."""
    models: tuple[ModelEntry, ...] = ()
    aliases: Said[tuple[ProviderAliasEntry, ...]] = ABSENT
    """All of them: one that is not here is taken away."""
    credential_is_kept: bool = False
    """The file says that a key is stored with the provider, and does not say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetEntry(Entry):
    """A Target: `provider` and `model`, or `to_alias`. Its place in the order is its place among its siblings."""

    provider: str = ""
    model: str = ""
    to_alias: str = ""
    weight: int | None = None
    tier: int = 0
    enabled: bool = True
    endpoint: str = ""
    conditions: list[str] = field(default_factory=list)
    connect_timeout_seconds: float | None = None
    first_byte_timeout_seconds: float | None = None
    idle_timeout_seconds: float | None = None
    answer_timeout_seconds: float | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same target as one that is stored."""
        return self.provider, self.model, self.to_alias, self.endpoint

    def __str__(self) -> str:
        return self.to_alias or f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymEntry(Entry):
    """A Synonym."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasEntry(Entry):
    """An Alias with its synonyms and targets."""

    name: str
    description: Said[str] = ABSENT
    enabled: Said[bool] = ABSENT
    listed: Said[bool] = ABSENT
    is_default: Said[bool] = ABSENT
    selector: Said[str] = ABSENT
    weight_mode: Said[str] = ABSENT
    answer_model: Said[str] = ABSENT
    max_attempts: Said[int | None] = ABSENT
    stream_mode: Said[str] = ABSENT
    sticky: Said[str] = ABSENT
    sticky_seconds: Said[int | None] = ABSENT
    hedge_percentile: Said[int | None] = ABSENT
    hedge_budget_percent: Said[int | None] = ABSENT
    guardrails: Said[dict[str, Any]] = ABSENT  # Any: JSON, kept as it is
    synonyms: tuple[SynonymEntry, ...] = ()
    targets: tuple[TargetEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternEntry(Entry):
    """A PatternAlias: `to_alias`, or `provider` and `model`."""

    pattern: str
    to_alias: str = ""
    provider: str = ""
    model: str = ""
    enabled: Said[bool] = ABSENT

    @property
    def name(self) -> str:
        return self.pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteEntry(Entry):
    """A CustomRoute: for a `provider`, for an `alias`, or for all names."""

    path: str
    provider: str = ""
    alias: str = ""
    api_type: Said[str] = ABSENT
    enabled: Said[bool] = ABSENT

    @property
    def name(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything one file says."""

    providers: tuple[ProviderEntry, ...] = ()
    aliases: tuple[AliasEntry, ...] = ()
    patterns: tuple[PatternEntry, ...] = ()
    routes: tuple[RouteEntry, ...] = ()
    is_whole: bool = True
    """It speaks of providers and of aliases. Only such a document can be the whole truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as it was understood. With a refusal among the findings, the document is not to be used."""

    document: Document
    findings: tuple[Finding, ...] = ()


def said_twice(document: Document) -> Iterator[Finding]:
    """A refusal for each name and each target that the document gives a second time."""
    yield from _again(((entry.name, entry) for entry in document.providers), "The provider “{}”")
    yield from _again(
        (
            (name, entry)
            for alias in document.aliases
            for name, entry in [(alias.name, alias), *((synonym.name, synonym) for synonym in alias.synonyms)]
        ),
        "The name “{}”",
    )
    for provider in document.providers:
        yield from _again(((model.name, model) for model in provider.models), "The model “{}”")
        yield from _again(((alias.name, alias) for alias in or_else(provider.aliases, ())), "The name “{}”")
    yield from _again(((entry.pattern, entry) for entry in document.patterns), "The pattern “{}”")
    yield from _again(((entry.path, entry) for entry in document.routes), "The path “{}”")
    for alias in document.aliases:
        yield from _again(
            ((target.key, target) for target in alias.targets),
            "This target",
            cure="Give one of them the sum of the weights, or an endpoint of its own.",
        )


def _again(
    named: "Iterator[tuple[object, Entry]]", subject: str, cure: str = "Choose another name, or remove one."
) -> Iterator[Finding]:
    first: dict[object, Entry] = {}
    for name, entry in named:
        if name in first:
            message = f"{subject.format(name)} stands here already: {first[name].place('name')}. {cure}"
            yield Finding(kind=Kind.REFUSED, place=entry.place("name"), message=message)
        first.setdefault(name, entry)
