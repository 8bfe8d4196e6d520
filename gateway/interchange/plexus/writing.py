"""A Document -> Plexus's YAML.

One order and no times, so that two exports of the same configuration are the same text. What is empty is left out; what
switches something is said. A key is never written: its place says `credential: kept`, or `{value: kept}` for a header.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import yaml

from gateway.interchange.document import (
    ABSENT,
    AliasEntry,
    Document,
    EndpointEntry,
    ModelEntry,
    ProviderEntry,
    Said,
    TargetEntry,
    or_else,
)
from gateway.interchange.plexus import names
from gateway.interchange.plexus import vocabulary as words
from providers import extra_headers

_HEAD: Final = """\
# Configuration of Plexus, as `manage.py export_config` wrote it.
# `manage.py import_config FILE` brings it back; with --prune exactly, without it what a file does not say stays as it is.
# Keys of providers are not in here: `apiKeyEnv` names the environment variable, `credential: kept` an encrypted one.
# Nor are extra headers that may hold one: $NAME is a variable, `{value: kept}` an encrypted value.
"""
_RARE_LINE_ENDS: Final = re.compile("[\x85\u2028\u2029]")
_ON_ONE_LINE: Final = ("apiTypes", "additionalAliases", "conditions")

Written = dict[str, Any]  # Any: what YAML can hold


class _OneLine(list[str]):
    """A list that is written as [a, b]."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        """Write a value that occurs twice twice, and not as a reference."""
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Escaped where a rarer line end is in it: written as it is, it would come back as a space."""
        style = '"' if _RARE_LINE_ENDS.search(data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists under their key, as Plexus's own examples do."""
        super().increase_indent(flow, False)


_Dumper.add_representer(str, _Dumper.represent_str)
_Dumper.add_representer(
    _OneLine, lambda dumper, items: dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)
)


def write(document: Document) -> str:
    """The text of a document. Reading it gives the same document again, but for what is empty: that is not said."""
    text: str = yaml.dump(
        plain(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120
    )
    return _HEAD + text


def plain(document: Document) -> Written:
    """What the text says, as values that are JSON as well: without the way through YAML, which is slow."""
    providers = [_provider(entry) for entry in sorted(document.providers, key=lambda entry: entry.name)]
    aliases = [_alias(entry) for entry in sorted(document.aliases, key=lambda entry: entry.name)]
    patterns = [
        _without_empties(names.written_pattern(entry))
        for entry in sorted(document.patterns, key=lambda entry: entry.pattern)
    ]
    routes = [
        _without_empties(names.written_route(entry)) for entry in sorted(document.routes, key=lambda entry: entry.path)
    ]
    return {"providers": providers, "models": aliases} | _without_empties({"patterns": patterns, "routes": routes})


def _provider(entry: ProviderEntry) -> Written:
    return _without_empties(
        {
            "name": entry.name,
            "displayName": entry.display_name,
            "enabled": entry.enabled,
            **_addresses(or_else(entry.endpoints, ())),
            "auth": _without_empties(
                {
                    "type": entry.auth,
                    "header": entry.auth_header,
                    "apiKeyEnv": ABSENT if entry.credential is ABSENT else entry.credential.strip("${}"),
                    "credential": words.CREDENTIAL_KEPT if entry.credential_is_kept else ABSENT,
                }
            ),
            "extraHeaders": _headers(entry),
            "asksStreamUsage": entry.asks_stream_usage,
            "timeouts": _timeouts(entry, words.TIMEOUTS),
            "maxInFlight": entry.max_in_flight,
            "probeEverySeconds": entry.probe_every_seconds,
            "takesAnyModel": entry.takes_any_model,
            "aliases": names.written_provider_aliases(entry.aliases),
        }
    ) | {"models": [_model(model) for model in sorted(entry.models, key=lambda model: model.name)]}


def _timeouts(entry: ProviderEntry | TargetEntry, fields: Mapping[str, str]) -> Written:
    return _without_empties({key: getattr(entry, name) for key, name in fields.items()})


def _addresses(endpoints: tuple[EndpointEntry, ...]) -> Written:
    urls = {endpoint.api_type: endpoint.base_url for endpoint in sorted(endpoints, key=lambda one: one.api_type)}
    return {"apiTypes": [*urls], "baseUrls": urls}


def _model(entry: ModelEntry) -> Written | str:
    """Its name alone, when there is no more to say."""
    more = _without_empties(
        {
            "enabled": False if entry.enabled is False else ABSENT,
            "apiTypes": entry.api_types,
            "contextLength": entry.context_length,
            "price": _without_empties({key: _number(getattr(entry, name)) for key, name in words.PRICES.items()}),
            "maxInFlight": entry.max_in_flight,
        }
    )
    return {"name": entry.name} | more if more else entry.name


def _alias(entry: AliasEntry) -> Written:
    return _without_empties(
        {
            "alias": entry.name,
            "description": entry.description,
            "additionalAliases": sorted(synonym.name for synonym in entry.synonyms),
            "enabled": entry.enabled,
            "listed": entry.listed,
            "default": entry.is_default,
            "selector": entry.selector,
            "weightMode": entry.weight_mode,
            "answerModel": entry.answer_model,
            "maxAttempts": entry.max_attempts,
            "streamMode": entry.stream_mode,
            "sticky": entry.sticky,
            "stickySeconds": entry.sticky_seconds,
            "hedgePercentile": entry.hedge_percentile,
            "hedgeBudgetPercent": entry.hedge_budget_percent,
            "guardrails": entry.guardrails,
        }
    ) | {"targets": [_target(target) for target in entry.targets]}


def _target(entry: TargetEntry) -> Written:
    return _without_empties(
        {
            "alias": entry.to_alias,
            "provider": entry.provider,
            "model": entry.model,
            "endpoint": entry.endpoint,
            "weight": entry.weight,
            "tier": entry.tier or ABSENT,
            "enabled": ABSENT if entry.enabled else False,
            "conditions": entry.conditions,
            "timeouts": _timeouts(entry, words.TARGET_TIMEOUTS),
        }
    )


def _without_empties(written: Mapping[str, object]) -> Written:
    """What there is to say, lists of names on one line. False and 0 say something."""
    kept = {key: value for key, value in written.items() if value is not ABSENT and value not in (None, "", [], {}, ())}
    return {
        key: _OneLine(value) if key in _ON_ONE_LINE and isinstance(value, list) else value
        for key, value in kept.items()
    }


def _headers(entry: ProviderEntry) -> Written:
    """In one order: PostgreSQL keeps another one than SQLite. A secret is not written, whatever the entry holds of it."""
    headers = {} if entry.extra_headers is ABSENT else entry.extra_headers
    names = [*headers, *(() if entry.kept_headers is ABSENT else entry.kept_headers)]
    in_clear = extra_headers.in_clear(headers)
    return {name: in_clear.get(name, {words.HEADER_VALUE: words.CREDENTIAL_KEPT}) for name in sorted(names)}


def _number(price: Said[Decimal | None]) -> float | int | None:
    """A price as YAML writes numbers. Twelve digits fit a float exactly."""
    if price is None or price is ABSENT:
        return None
    return int(price) if price == price.to_integral_value() else float(price)
