"""The routing table of this process: compiled from the database, shared through Redis."""

import logging
from collections.abc import Iterable
from itertools import groupby

from providers import wire
from providers.addresses import endpoint_url
from providers.models import ProviderModel, objection_to_headers
from routing import table as tables
from routing.models import Alias, Synonym, Target
from routing.snapshot import Snapshot
from routing.table import Candidate, DisabledModel, LeftOut, Route, RoutingTable, Upstream

logger = logging.getLogger(__name__)


def compile_table(version: int) -> RoutingTable:
    """The table of what the database holds now."""
    compiling = _Compiling()
    for model in ProviderModel.objects.select_related("provider").prefetch_related("provider__endpoints"):
        compiling.add_model(model)
    routes = [compiling.route(alias) for alias in _enabled_aliases()]
    return RoutingTable(
        version=version,
        upstreams=tuple(compiling.upstreams),
        routes={route.name: route for route in routes},
        synonyms=dict(Synonym.objects.filter(alias__enabled=True).values_list("name", "alias__name")),
        direct=compiling.direct,
        disabled=compiling.disabled,
    )


def _enabled_aliases() -> Iterable[Alias]:
    return Alias.objects.filter(enabled=True).prefetch_related("targets__model__provider", "targets__to_alias")


class _Compiling:
    """One compilation: upstreams as they are met, each once."""

    def __init__(self) -> None:
        self.upstreams: list[Upstream] = []
        self.direct: dict[str, int] = {}
        self.disabled: dict[str, DisabledModel] = {}
        self._models: dict[int, ProviderModel] = {}
        self._places: dict[str, int | str] = {}
        """Upstream key -> its place among the upstreams, or why it has none."""

    def add_model(self, model: ProviderModel) -> None:
        self._models[model.pk] = model
        place = why_disabled(model) or self._place(model, endpoint="")
        if isinstance(place, str):
            self.disabled[str(model)] = DisabledModel(model_id=model.pk, reason=place)
        else:
            self.direct[str(model)] = place

    def route(self, alias: Alias) -> Route:
        targets = sorted(alias.targets.all(), key=lambda target: (target.tier, target.position, target.pk))
        reasons = {target.pk: self._why_left_out(target) for target in targets}
        kept = [target for target in targets if reasons[target.pk] is None]
        return Route(
            name=alias.name,
            id=alias.pk,
            description=alias.description,
            listed=alias.listed,
            selector=alias.selector,
            answers_as_requested=alias.answer_model == Alias.AnswerModel.REQUESTED,
            created=int(alias.created_at.timestamp()),
            tiers=tuple(
                tuple(self._candidate(target) for target in tier)
                for _, tier in groupby(kept, key=lambda target: target.tier)
            ),
            left_out=tuple(
                LeftOut(target=str(target), reason=reason)
                for target in targets
                if (reason := reasons[target.pk]) is not None
            ),
        )

    def _why_left_out(self, target: Target) -> str | None:
        if not target.enabled:
            return "the target is disabled"
        if target.to_alias is not None:
            return None if target.to_alias.enabled else f"the alias “{target.to_alias}” is disabled"
        assert target.model_id is not None  # the database holds it: a target is a model or an alias
        model = self._models[target.model_id]
        place = why_disabled(model) or self._place(model, endpoint=target.endpoint)
        return place if isinstance(place, str) else None

    def _candidate(self, target: Target) -> Candidate:
        weight = target.weight or 1
        if target.to_alias is not None:
            return Candidate(id=target.pk, weight=weight, alias=target.to_alias.name)
        assert target.model_id is not None  # as above
        place = self._place(self._models[target.model_id], endpoint=target.endpoint)
        assert isinstance(place, int)  # the others were left out
        return Candidate(id=target.pk, weight=weight, upstream=place)

    def _place(self, model: ProviderModel, *, endpoint: str) -> int | str:
        key = tables.address_key(model.provider.name, model.name, endpoint)
        if key not in self._places:
            self._places[key] = self._add_upstream(model, key=key, endpoint=endpoint)
        return self._places[key]

    def _add_upstream(self, model: ProviderModel, *, key: str, endpoint: str) -> int | str:
        """Its place, or why it cannot be called: a row that was written past its rules must not stop all the others."""
        if reason := why_malformed(model):
            return self._left_out(model, reason)
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


def why_disabled(model: ProviderModel) -> str | None:
    """Why this model gets no requests, or None."""
    if not model.provider.enabled:
        return f"the provider “{model.provider}” is disabled"
    return None if model.enabled else f"the model “{model}” is disabled"


def why_malformed(model: ProviderModel) -> str | None:
    """Why what the database holds of this model and its provider cannot be used, or None. Their own rules let none in."""
    if objection_to_headers(model.provider.extra_headers):
        return f"the extra headers of the provider “{model.provider}” cannot be sent; save it anew"
    return None if isinstance(model.api_types, list) else f"the API types of “{model}” are no list; save it anew"


def upstream(model: ProviderModel, *, key: str, endpoint: str) -> Upstream:
    """What it takes to call `model`, at its provider's addresses or at an `endpoint` of its own. Raises ValueError."""
    provider = model.provider
    return Upstream(
        key=key,
        model_id=model.pk,
        provider=provider.name,
        model=model.name,
        urls=_urls(model, endpoint),
        auth=provider.auth,
        auth_header=provider.auth_header,
        credential=provider.credential,
        headers=provider.extra_headers,
        asks_stream_usage=provider.asks_stream_usage,
        connect_timeout_seconds=provider.connect_timeout_seconds,
        first_byte_timeout_seconds=provider.first_byte_timeout_seconds,
        idle_timeout_seconds=provider.idle_timeout_seconds,
        answer_timeout_seconds=provider.answer_timeout_seconds,
        context_length=model.context_length,
        input_usd_per_mtok=_text(model.input_usd_per_mtok),
        output_usd_per_mtok=_text(model.output_usd_per_mtok),
        cached_input_usd_per_mtok=_text(model.cached_input_usd_per_mtok),
    )


def _urls(model: ProviderModel, endpoint: str) -> dict[str, str]:
    """API type -> address, for those that both the provider and the model speak."""
    return {
        address.api_type: endpoint_url(endpoint or address.base_url, wire.FORMATS[address.api_type].path)
        for address in model.provider.endpoints.all()
        if address.api_type in (model.api_types or wire.FORMATS) and address.api_type in wire.FORMATS
    }


def _text(number: object) -> str | None:
    return None if number is None else str(number)


TABLE: Snapshot[RoutingTable] = Snapshot(
    subject="routing_table",
    compile=compile_table,
    encode=tables.encode,
    decode=tables.decode,
    empty=RoutingTable(version=-1),
)
