"""What the database holds -> a routing table."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from providers.models import Provider, ProviderModel
from routing import conditions
from routing import table as tables
from routing.models import Alias, Synonym, Target
from routing.snapshot import PAUSE_SECONDS
from routing.store import names
from routing.store.upstreams import upstream, why_disabled, why_malformed
from routing.table import Candidate, DisabledModel, LeftOut, Route, RoutingTable, Upstream, Waits

logger = logging.getLogger(__name__)

ALIASES_PER_PAGE = 50
MODELS_PER_PAGE = 250
ALIASES_NAMED_PER_PAGE = 1_000
RARE_TARGETS_PER_PAGE = 1_000
"""How many rows are read at once: the driver makes all rows of a page before any other thread may run."""


def compile_table(version: int) -> RoutingTable:
    """The table of what the database holds now."""
    compiling = _Compiling(dict(_names_of_aliases()))
    for model in _models():
        compiling.add_model(model)
    routes = {alias.name: compiling.route(alias, targets) for alias, targets in _enabled_aliases()}
    return RoutingTable(
        version=version,
        upstreams=tuple(compiling.upstreams),
        routes=routes,
        synonyms=dict(Synonym.objects.filter(alias__enabled=True).values_list("name", "alias__name")),
        direct=compiling.direct,
        disabled=compiling.disabled,
        patterns=names.patterns(),
        providers=names.of_providers(),
        entrances=names.entrances(),
        default=names.default(),
    )


def _names_of_aliases() -> Iterator[tuple[int, _Named]]:
    """Of the disabled ones too: what is left out is named."""
    aliases = Alias.objects.order_by("id").values_list("id", "name", "enabled")
    for page in _pages(lambda last: aliases.filter(id__gt=last[0] if last else 0), ALIASES_NAMED_PER_PAGE):
        yield from ((id, _Named(name, enabled)) for id, name, enabled in page)


def _models() -> Iterator[ProviderModel]:
    providers = {provider.pk: provider for provider in Provider.objects.order_by("id").prefetch_related("endpoints")}
    models = ProviderModel.objects.order_by("provider__name", "name")

    def after(last: ProviderModel | None) -> QuerySet[ProviderModel]:
        if last is None:
            return models
        return models.filter(
            Q(provider__name__gt=last.provider.name) | Q(provider__name=last.provider.name, name__gt=last.name)
        )

    for page in _pages(after, MODELS_PER_PAGE):
        for model in page:
            model.provider = providers[model.provider_id]
            yield model


def _enabled_aliases() -> Iterator[tuple[Alias, Sequence[_TargetRow]]]:
    """Each with its targets, in their order."""
    rare = dict(_rare_fields())
    aliases = Alias.objects.filter(enabled=True).order_by("name")
    for page in _pages(lambda last: aliases.filter(name__gt=last.name) if last else aliases, ALIASES_PER_PAGE):
        rows = Target.objects.filter(alias__in=page).order_by("alias", "tier", "position", "id")
        of_alias: dict[int, list[_TargetRow]] = {}
        for row in rows.values_list("alias_id", *_TargetRow._fields[:-1]):
            of_alias.setdefault(row[0], []).append(_TargetRow._make((*row[1:], rare.get(row[1], _COMMON))))
        yield from ((alias, of_alias.get(alias.pk, [])) for alias in page)


def _rare_fields() -> Iterator[tuple[int, _Rare]]:
    """Of the targets that have any, by id."""
    rows = Target.objects.exclude(**_COMMON._asdict()).order_by("id").values_list("id", *_Rare._fields)
    for page in _pages(lambda last: rows.filter(id__gt=last[0] if last else 0), RARE_TARGETS_PER_PAGE):
        yield from ((row[0], _Rare(*row[1:])) for row in page)


def _pages(after: Callable[[Any], QuerySet[Any, Any]], size: int) -> Iterator[list[Any]]:  # Any: rows of any kind
    """All rows in short pages, each with those after the last of the page before; other threads run in between.

    Not `iterator()`: its cursor is a connection's state, and cannot be given up on when the database freezes.
    """
    page = list(after(None)[:size])
    while page:
        yield page
        if len(page) < size:
            return
        time.sleep(PAUSE_SECONDS)
        page = list(after(page[-1])[:size])


class _Named(NamedTuple):
    """An alias that another one may point at."""

    name: str
    enabled: bool


class _Rare(NamedTuple):
    """What few targets say, asked for by itself: in each of a hundred thousand rows it made compiling half as expensive again."""

    conditions: Any  # as it was written past the forms, too
    connect_timeout_seconds: float | None
    first_byte_timeout_seconds: float | None
    idle_timeout_seconds: float | None
    answer_timeout_seconds: float | None

    @property
    def waits(self) -> Waits | None:
        _, connect, first_byte, idle, answer = self
        if (connect, first_byte, idle, answer) == (None, None, None, None):
            return None
        return Waits(connect_seconds=connect, first_byte_seconds=first_byte, idle_seconds=idle, answer_seconds=answer)


_COMMON = _Rare([], None, None, None, None)


class _TargetRow(NamedTuple):
    """A target as it stands in the database: making a model of each costs ten times as much."""

    id: int
    model_id: int | None
    to_alias_id: int | None
    weight: int | None
    tier: int
    enabled: bool
    endpoint: str
    rare: _Rare


class _Compiling:
    """One compilation: upstreams as they are met, each once."""

    def __init__(self, aliases: Mapping[int, _Named]) -> None:
        self.upstreams: list[Upstream] = []
        self.direct: dict[str, int] = {}
        self.disabled: dict[str, DisabledModel] = {}
        self._aliases = aliases
        self._models: dict[int, ProviderModel] = {}
        self._places: dict[tuple[int, str], int | str] = {}
        """Model and address -> its place among the upstreams, or why it has none."""
        self._objections: dict[int, str | None] = {}

    def add_model(self, model: ProviderModel) -> None:
        self._models[model.pk] = model
        objection = self._objections[model.pk] = why_disabled(model)
        place = objection or self._place(model.pk, endpoint="")
        if isinstance(place, str):
            self.disabled[str(model)] = DisabledModel(model_id=model.pk, reason=place)
        else:
            self.direct[str(model)] = place

    def route(self, alias: Alias, targets: Sequence[_TargetRow]) -> Route:
        """`targets` in order of their tiers and positions."""
        reasons = [self._why_left_out(target) for target in targets]
        kept = [target for target, reason in zip(targets, reasons, strict=True) if reason is None]
        return Route(
            name=alias.name,
            id=alias.pk,
            description=alias.description,
            listed=alias.listed,
            selector=alias.selector,
            answers_as_requested=alias.answer_model == Alias.AnswerModel.REQUESTED,
            max_attempts=alias.max_attempts,
            holds_streams_back=alias.stream_mode == Alias.StreamMode.BUFFERED,
            sticky="" if alias.sticky == Alias.Sticky.OFF else alias.sticky,
            sticky_seconds=alias.sticky_seconds,
            hedge_percentile=alias.hedge_percentile or 0,
            hedge_budget_percent=alias.hedge_budget_percent,
            created=int(alias.created_at.timestamp()),
            tiers=tuple(
                tuple(self._candidate(target) for target in tier)
                for _, tier in groupby(kept, key=lambda target: target.tier)
            ),
            left_out=tuple(
                LeftOut(target=self._shown(target), reason=reason)
                for target, reason in zip(targets, reasons, strict=True)
                if reason is not None
            ),
        )

    def _why_left_out(self, target: _TargetRow) -> str | None:
        if not target.enabled:
            return "the target is disabled"
        if target.rare is not _COMMON and not _are_conditions(target.rare.conditions):
            return "its conditions are none; save it anew"
        if target.to_alias_id is not None:
            name, enabled = self._aliases[target.to_alias_id]
            return None if enabled else f"the alias “{name}” is disabled"
        assert target.model_id is not None  # the database holds it: a target is a model or an alias
        place = self._objections[target.model_id] or self._place(target.model_id, endpoint=target.endpoint)
        return place if isinstance(place, str) else None

    def _candidate(self, target: _TargetRow) -> Candidate:
        weight = target.weight or 1
        if target.to_alias_id is not None:
            name = self._aliases[target.to_alias_id].name
            return Candidate(id=target.id, weight=weight, alias=name, conditions=tuple(target.rare.conditions))
        assert target.model_id is not None  # as above
        place = self._place(target.model_id, endpoint=target.endpoint)
        assert isinstance(place, int)  # the others were left out
        if target.rare is _COMMON:
            return Candidate(id=target.id, weight=weight, upstream=place)
        rare = target.rare
        return Candidate(
            id=target.id, weight=weight, upstream=place, conditions=tuple(rare.conditions), waits=rare.waits
        )

    def _shown(self, target: _TargetRow) -> str:
        if target.to_alias_id is not None:
            return self._aliases[target.to_alias_id].name
        assert target.model_id is not None  # as above
        return str(self._models[target.model_id])

    def _place(self, model_id: int, *, endpoint: str) -> int | str:
        place = self._places.get((model_id, endpoint))
        if place is None:
            place = self._places[model_id, endpoint] = self._add_upstream(self._models[model_id], endpoint)
        return place

    def _add_upstream(self, model: ProviderModel, endpoint: str) -> int | str:
        """Its place, or why it cannot be called: a row that was written past its rules must not stop all the others."""
        if reason := why_malformed(model):
            return self._left_out(model, reason)
        key = tables.address_key(model.provider.name, model.name, endpoint)
        try:
            made = upstream(model, key=key, endpoint=endpoint)
        except ValueError:
            # The address is not named: whoever asks for the model need not know where it stands.
            return self._left_out(model, f"an address of “{model}” cannot be called; save it anew")
        self.upstreams.append(made)
        return len(self.upstreams) - 1

    def _left_out(self, model: ProviderModel, reason: str) -> str:
        logger.warning("“%s” gets no requests: %s.", model, reason)
        return reason


def _are_conditions(wanted: object) -> bool:
    return isinstance(wanted, list) and all(isinstance(name, str) and name in conditions.LABELS for name in wanted)
