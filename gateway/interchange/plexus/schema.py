"""The JSON Schema of Plexus's YAML, for editors and for checks in git.

It says what the reader says, key by key, and refuses nothing that the reader takes: unknown keys pass here, since an import
names and ignores them, and rules over several rows are left to the import. docs/plexus-config.schema.json is its text;
`manage.py export_config --schema` writes it.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from gateway.interchange.plexus import vocabulary as words
from providers.wire import FORMATS
from routing import conditions
from routing.selection import SELECTORS

Schema = dict[str, Any]  # Any: JSON

ADDRESS: Final = "plexus-config.schema.json"
_MODELS_HEAD: Final = "A model of this provider: its id there, or its id with more to say."


def text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """Draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ADDRESS,
        "title": "Configuration of Plexus",
        "description": "What `manage.py export_config` writes and `manage.py import_config` reads.",
        "anyOf": [
            {"$ref": "#/$defs/file"},
            {"type": "array", "items": {"$ref": "#/$defs/alias"}, "minItems": 1, "description": "Aliases alone."},
            {"type": "array", "items": {"$ref": "#/$defs/provider"}, "minItems": 1, "description": "Providers alone."},
        ],
        "$defs": {
            "file": _file(),
            "provider": _provider(),
            "model": _model(),
            "alias": _alias(),
            "target": _target(),
            "pattern": _pattern(),
            "route": _route(),
        },
    }


# Kinds of values, as gateway.interchange.fields takes them ----------------------------------------


def _text(description: str = "", **more: Any) -> Schema:  # Any: JSON
    return _described({"type": ["string", "null"], **more}, description)


def _required_text(description: str = "") -> Schema:
    return _described({"type": "string", "minLength": 1}, description)


def _choice(choices: Iterable[str], description: str = "") -> Schema:
    return _described({"enum": list(choices)}, description)


def _flag(description: str = "") -> Schema:
    return _described({"type": "boolean"}, description)


def _number(description: str = "") -> Schema:
    return _described({"type": ["number", "null"]}, description)


def _whole_number(description: str = "") -> Schema:
    return _described({"type": ["integer", "null"]}, description)


def _texts(description: str = "", among: Iterable[str] = ()) -> Schema:
    """`among`: shown by an editor; the reader leaves it to the models to judge."""
    item: Schema = {"type": "string"}
    if known := list(among):
        item["examples"] = known
    return _described({"type": ["array", "null"], "items": item}, description)


def _list_of(kind: str, description: str = "") -> Schema:
    return _described({"type": ["array", "null"], "items": {"$ref": f"#/$defs/{kind}"}}, description)


def _mapping(properties: Schema, description: str = "", **more: Any) -> Schema:  # Any: JSON
    return _described({"type": ["object", "null"], "properties": properties, **more}, description)


def _object(properties: Schema, required: Sequence[str] = (), **more: Any) -> Schema:  # Any: JSON
    return {"type": "object", "properties": properties, "required": list(required), **more}


def _described(kind: Schema, description: str) -> Schema:
    return {"description": description, **kind} if description else kind


# What stands in a file ---------------------------------------------------------------------------


def _file() -> Schema:
    properties = {
        "providers": _list_of("provider", "The APIs that can be called."),
        "models": _list_of("alias", "The names that clients ask for."),
        "patterns": _list_of("pattern", "Names with a * in them, for what no exact name takes."),
        "routes": _list_of("route", "Paths of your own."),
    }
    return _object(properties, anyOf=[{"required": [key]} for key in properties])


def _provider() -> Schema:
    properties = {
        "name": _required_text("The first part of “provider/model”."),
        "displayName": _text(),
        "enabled": _flag("A disabled provider gets no requests. True if it is not said."),
        "apiTypes": _texts("Those of baseUrls that are spoken; all of them if it is not said.", FORMATS),
        "baseUrls": _mapping(
            {api_type: _required_text() for api_type in FORMATS},
            "API type -> address: an API root, a bare host, or the full endpoint.",
            additionalProperties=_required_text(),
        ),
        "auth": _mapping(
            {
                "type": _choice(words.AUTH_TYPES),
                "header": _text("The name of the header, where type is “header”."),
                "apiKeyEnv": _text("The environment variable that holds the key. A key itself is never in a file."),
                "credential": {
                    "const": words.CREDENTIAL_KEPT,
                    "description": "A key is stored with the provider, and stays.",
                },
                words.LITERAL_KEY: False,
            }
        ),
        "extraHeaders": _mapping(
            {},
            "Header -> value, sent with every request. $NAME is an environment variable.",
            additionalProperties={"anyOf": [_text(), _kept_value()]},
        ),
        "asksStreamUsage": _flag("Asks for token counts at the end of streams."),
        "timeouts": _seconds(words.TIMEOUTS),
        "maxInFlight": _whole_number("Requests at once, all models together, from each process."),
        "probeEverySeconds": _number("How often its models are sent a tiny request; that costs money."),
        "takesAnyModel": _flag("Asked for by “provider/model”, it takes models that are not listed."),
        "aliases": _mapping(
            {},
            "On this provider's own route: name -> model. Replaces all aliases.",
            additionalProperties=_required_text(),
        ),
        "models": {
            "type": ["array", "null"],
            "items": {"anyOf": [{"type": "string", "description": _MODELS_HEAD}, {"$ref": "#/$defs/model"}]},
        },
        words.LITERAL_KEY: False,
    }
    return _object(properties, ["name"])


def _kept_value() -> Schema:
    kept = {words.HEADER_VALUE: {"const": words.CREDENTIAL_KEPT}}
    return _described(_object(kept, [words.HEADER_VALUE]), "A value is stored with the provider, and stays.")


def _model() -> Schema:
    return _object(
        {
            "name": _required_text("Its id at the provider, exactly."),
            "enabled": _flag(),
            "apiTypes": _texts("All that the provider speaks if it is not said.", FORMATS),
            "contextLength": _whole_number("In tokens."),
            "price": _mapping({key: _number() for key in words.PRICES}, "US dollars per million tokens."),
            "maxInFlight": _whole_number("Requests at once, from each process."),
        },
        ["name"],
    )


def _alias() -> Schema:
    properties = {
        "alias": _required_text("The name that clients ask for."),
        "description": _text(),
        "additionalAliases": _texts("Other names of it."),
        "enabled": _flag("A disabled alias is not found. True if it is not said."),
        "listed": _flag("Stands in GET /v1/models. True if it is not said."),
        "selector": _choice(SELECTORS, "How a target is chosen."),
        "weightMode": _choice(words.WEIGHT_MODES, "In percent mode the weights of a tier sum to 100."),
        "answerModel": _choice(words.ANSWER_MODELS, "What the answer's `model` says."),
        "maxAttempts": _whole_number("Targets tried for one request, 1 to 10."),
        "streamMode": _choice(words.STREAM_MODES),
        "sticky": _described({"enum": [*words.STICKY, False]}, "A bare `off` is false to YAML, and means off."),
        "stickySeconds": _whole_number(),
        "hedgePercentile": _whole_number("50 to 99: when the next target is asked as well."),
        "hedgeBudgetPercent": _whole_number(),
        "default": _flag("Takes requests that name no known model."),
        "guardrails": _mapping({}, "Kept, and not enforced yet: requests pass without them."),
        "targets": _list_of("target", "In order. `[]` for an alias without any."),
    }
    return _object(properties, ["alias", "targets"])


def _target() -> Schema:
    properties = {
        "provider": _text(),
        "model": _text("Of that provider."),
        "alias": _text("Another alias, in place of provider and model."),
        "weight": _whole_number("Share of first places."),
        "tier": _whole_number("A higher one is asked when the lower ones failed. 0 if it is not said."),
        "enabled": _flag(),
        "endpoint": _text("An address of its own, which gets the provider's key."),
        "conditions": _texts("Asked only after another target had one of these.", conditions.LABELS),
        "timeouts": _seconds(words.TARGET_TIMEOUTS),
    }
    return _object(properties, **_model_or_alias())


def _model_or_alias() -> Schema:
    """A provider and a model, or another alias; not both."""
    of_a_model = {
        "required": ["provider", "model"],
        "properties": {"provider": _required_text(), "model": _required_text(), "alias": False},
    }
    of_an_alias = {
        "required": ["alias"],
        "properties": {"alias": _required_text(), "provider": False, "model": False},
    }
    return {"anyOf": [of_a_model, of_an_alias]}


def _pattern() -> Schema:
    properties = {
        "pattern": _required_text("gpt-*: exact names win, then the longest pattern."),
        "alias": _text("An alias; a * in it is what the pattern's * stood for."),
        "provider": _text(),
        "model": _text("Of that provider; a * in it is what the pattern's * stood for."),
        "enabled": _flag(),
    }
    return _object(properties, ["pattern"], **_model_or_alias())


def _route() -> Schema:
    properties = {
        "path": _required_text("/openai"),
        "provider": _required_text("Its models and its own aliases alone can be asked for here."),
        "alias": _required_text("Every request here goes to it."),
        "apiType": _choice(FORMATS, "What unlisted paths below it mean."),
        "enabled": _flag(),
    }
    return _object(properties, ["path"], **{"not": {"required": ["provider", "alias"]}})


def _seconds(keys: Iterable[str]) -> Schema:
    return _mapping({key: _number() for key in keys}, "In seconds.")
