"""`llm_providers`: a list of models, each with the way to reach it -> our providers, each with its models.

Models of one provider with the same key, address and headers are one provider here. Another key makes another provider:
`openai`, then `openai-2`.
"""

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from gateway.interchange.clear_keys import headers_without_keys, reference, variable_for
from gateway.interchange.document import ABSENT, EndpointEntry, ModelEntry, ProviderEntry, Said, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind, Place
from gateway.interchange.found_providers import FoundProviders
from gateway.interchange.plano import vocabulary as words
from gateway.interchange.plano.declared import DeclaredModel, DeclaredModels
from routing.wildcards import WILDCARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How a model is reached: what makes two models those of one provider."""

    provider: str
    kind: str
    """Whose API it is: the provider's, or that of another one that it is compatible with."""
    base_url: str
    access_key: str = field(repr=False)
    """As the file has it: a reference, or a key itself, which goes no further."""
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
    return reading.found.entries(), reading.declared


class _Reading:
    """The providers and models of a file, as they come."""

    def __init__(self) -> None:
        self.found = FoundProviders()
        self.declared = DeclaredModels()

    def read(self, fields: Fields) -> None:
        """One entry of the list."""
        written = fields.required_text("model", "name")
        name = or_else(fields.text("name", "display_name"), "").strip()
        is_default = fields.flag("default", "is_default") is True
        provider, _, model = written.partition("/")
        connection = _connection(provider, fields)
        fields.ignore_each(words.NOTHING_OF_A_MODEL)
        fields.ignore_the_rest(words.MODEL_KEYS)
        if not (provider and model):
            if written:
                fields.note(Kind.REFUSED, "model", "Write the provider and its model, like `openai/gpt-4o`.")
            return
        ours = self._provider_for(connection, fields)
        if model == WILDCARD:
            self._take_any_model(ours, name, fields, is_default=is_default)
            return
        place = fields.place("model")
        self._declare(
            DeclaredModel(
                written=written, name=name or written, provider=ours, model=model, place=place, is_default=is_default
            ),
            fields,
        )

    def _provider_for(self, connection: Connection, fields: Fields) -> str:
        """Its name here: as there, with a number behind it when another way to reach it has that name already."""
        ours, is_new = self.found.name_of(
            connection, connection.provider, lambda name: _provider(name, connection, fields)
        )
        if is_new and ours != connection.provider:
            message = (
                f"It is reached in another way than “{connection.provider}” above, so its provider is “{ours}” here."
            )
            fields.note(Kind.ADAPTED, "model", message)
        return ours

    def _take_any_model(self, provider: str, name: str, fields: Fields, *, is_default: bool) -> None:
        self.found.change(provider, lambda entry: replace(entry, takes_any_model=True))
        if is_default:
            fields.note(Kind.REFUSED, "default", "Every model of a provider is no default: name one.")
        if name:
            fields.note(Kind.IGNORED, "name", f"Any model is asked for as “{provider}/…” here.")

    def _declare(self, model: DeclaredModel, fields: Fields) -> None:
        if twin := self.declared.twin_of(model):
            problem = f"“{model.name}” stands here already: {twin.place}. Remove one, or give it another `name`."
            fields.note(Kind.REFUSED, "model", problem)
            return
        if model.is_default and (other := self.declared.default):
            fields.note(Kind.REFUSED, "default", f"There is a default already: {other.place}. Keep one of them.")
        self.declared.models.append(model)
        self.found.add_model(model.provider, ModelEntry(name=model.model, where={"": model.place}))


def _connection(provider: str, fields: Fields) -> Connection:
    interface = or_else(fields.text("provider_interface", "provider_interface"), "").strip()
    return Connection(
        provider=provider,
        kind=interface or provider,
        base_url=or_else(fields.text("base_url", "base_url"), "").strip(),
        access_key=or_else(fields.text("access_key", "credential"), "").strip(),
        headers=tuple(headers_without_keys(fields, "headers")) if "headers" in fields else (),
    )


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
        credential=_credential(name, connection, fields),
        extra_headers=dict(connection.headers) if connection.headers else ABSENT,
        endpoints=_endpoints(connection, fields),
        keeps_other_endpoints=True,
        where=fields.where,
    )


def _credential(name: str, connection: Connection, fields: Fields) -> Said[str]:
    if not connection.access_key:
        return ABSENT
    return reference(fields, "access_key", connection.access_key, variable_for(name))


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
