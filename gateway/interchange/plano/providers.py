"""`llm_providers`: a list of models, each with the way to reach it -> our providers, each with its models.

Models of one provider with the same key, address and headers are one provider here. Another key makes another provider:
`openai`, then `openai-2`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, count
from urllib.parse import urlsplit

from gateway.interchange.document import ABSENT, EndpointEntry, ModelEntry, ProviderEntry, Said
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind, Place
from gateway.interchange.plano import vocabulary as words
from gateway.interchange.plano.declared import DeclaredModel, DeclaredModels
from providers import secrets

ALL_MODELS = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How a model is reached: what makes two models those of one provider."""

    provider: str
    kind: str
    """Whose API it is: the provider's, or that of another one that it is compatible with."""
    base_url: str
    access_key: str
    headers: tuple[tuple[str, str], ...]


def read_models(top: Fields, key: str) -> tuple[tuple[ProviderEntry, ...], DeclaredModels]:
    """The providers of the list under `key`, and the names that targets may use."""
    reading = _Reading()
    for fields in top.mappings(key):
        reading.read(fields)
    if reading.declared.models:
        example = reading.declared.models[0]
        top.note(
            Kind.ADAPTED,
            key,
            f"A model is asked for with its provider, as “{example.provider}/{example.model}”. "
            f"For a name without it, like “{example.model}”, add an alias.",
        )
    return tuple(reading.providers.values()), reading.declared


class _Reading:
    """The providers and models of a file, as they come."""

    def __init__(self) -> None:
        self.providers: dict[Connection, ProviderEntry] = {}
        self.declared = DeclaredModels()

    def read(self, fields: Fields) -> None:
        """One entry of the list."""
        written = fields.required_text("model", "name")
        name = _text(fields.text("name", "display_name"))
        provider, _, model = written.partition("/")
        connection = _connection(provider, fields)
        for key, reason in words.NOTHING_OF_A_MODEL.items():
            fields.ignore(key, reason)
        fields.ignore_the_rest(words.MODEL_KEYS)
        if not (provider and model):
            if written:
                fields.note(Kind.REFUSED, "model", "Write the provider and its model, like `openai/gpt-4o`.")
            return
        ours = self._provider_for(connection, fields)
        if model == ALL_MODELS:
            fields.note(Kind.IGNORED, "model", "Models are known by name here: add those that are to be asked for.")
            return
        place = fields.place("model")
        one = DeclaredModel(written=written, name=name or written, provider=ours, model=model, place=place)
        self._declare(one, connection, fields)

    def _provider_for(self, connection: Connection, fields: Fields) -> str:
        """Its name here: as there, with a number behind it when another way to reach it has that name already."""
        if connection in self.providers:
            return self.providers[connection].name
        taken = {entry.name for entry in self.providers.values()}
        numbered = (f"{connection.provider}-{number}" for number in count(2))
        ours = next(name for name in chain([connection.provider], numbered) if name not in taken)
        if ours != connection.provider:
            message = (
                f"It is reached in another way than “{connection.provider}” above, so its provider is “{ours}” here."
            )
            fields.note(Kind.ADAPTED, "model", message)
        self.providers[connection] = _provider(ours, connection, fields)
        return ours

    def _declare(self, model: DeclaredModel, connection: Connection, fields: Fields) -> None:
        if twin := self.declared.twin_of(model):
            problem = f"“{model.name}” stands here already: {twin.place}. Remove one, or give it another `name`."
            fields.note(Kind.REFUSED, "model", problem)
            return
        self.declared.models.append(model)
        entry = self.providers[connection]
        added = ModelEntry(name=model.model, where={"": model.place})
        self.providers[connection] = replace(entry, models=(*entry.models, added))


def _connection(provider: str, fields: Fields) -> Connection:
    interface = _text(fields.text("provider_interface", "provider_interface"))
    return Connection(
        provider=provider,
        kind=interface or provider,
        base_url=_text(fields.text("base_url", "base_url")),
        access_key=_access_key(fields),
        headers=tuple(_headers(fields)),
    )


def _access_key(fields: Fields) -> str:
    """`$NAME`, or nothing. A key itself is never read from a file, and never repeated in what we say about it."""
    key = _text(fields.text("access_key", "credential"))
    if key and not secrets.is_reference(key):
        fields.note(Kind.REFUSED, "access_key", words.NO_KEYS_IN_FILES)
        return ""
    return f"${secrets.reference_name(key)}" if key else ""


def _headers(fields: Fields) -> Iterable[tuple[str, str]]:
    headers = fields.inner("headers", "extra_headers")
    for name in headers.names() if headers is not None else ():
        value = headers.text(name, name) if headers is not None else ABSENT
        if value is not ABSENT:
            yield name, value


def _provider(name: str, connection: Connection, fields: Fields) -> ProviderEntry:
    if connection.kind in words.ADAPTED:
        fields.note(Kind.ADAPTED, "model", words.ADAPTED[connection.kind])
    header = words.KEY_HEADERS.get(connection.kind, "")
    # Who needs an address of its own and names no key is asked without one, as Ollama on the same machine.
    is_open = bool(connection.base_url) and not connection.access_key
    return ProviderEntry(
        name=name,
        enabled=False if connection.kind in words.NOT_SPOKEN else ABSENT,
        auth="none" if is_open else "header" if header else "bearer",
        auth_header="" if is_open else header,
        credential=connection.access_key or ABSENT,
        extra_headers=dict(connection.headers) if connection.headers else ABSENT,
        endpoints=_endpoints(connection, fields),
        keeps_other_endpoints=True,
        where=fields.where,
    )


def _endpoints(connection: Connection, fields: Fields) -> tuple[EndpointEntry, ...]:
    address = _address(connection)
    if not address:
        known = ", ".join(words.ROOTS)
        fields.note(
            Kind.REFUSED, "model", f"“{connection.provider}” needs a `base_url`. Without one are known: {known}."
        )
        return ()
    return (EndpointEntry(api_type="chat", base_url=address, where={"": _place_of_address(fields)}),)


def _place_of_address(fields: Fields) -> Place:
    return fields.place("base_url" if "base_url" in fields else "model")


def _address(connection: Connection) -> str:
    """The root of its API; "" when nobody says where it stands."""
    if not connection.base_url:
        return words.ROOTS.get(connection.provider, "")
    try:
        has_path = bool(urlsplit(connection.base_url).path.strip("/"))
    except ValueError:
        has_path = True  # whoever judges addresses says what is wrong with it
    return connection.base_url if has_path else connection.base_url.rstrip("/") + words.PATHS.get(connection.kind, "")


def _text(text: Said[str]) -> str:
    return "" if text is ABSENT else text.strip()
