"""Whose API it is and where it stands: one provider of a backend, or of a model -> an address of ours."""

import re
from dataclasses import dataclass

from gateway.interchange.agentgateway import vocabulary as words
from gateway.interchange.document import ABSENT, EndpointEntry, or_else
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Finding, Kind, Place
from gateway.interchange.known_addresses import AZURE_PATH, api_types_of

_HTTPS_PORT = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One provider, as far as it concerns how it is reached."""

    kind: str
    """Whose API it is, in small letters: `openai`."""
    model: str
    """The one model that it is asked for, whatever a request names; "" for the one that a request names."""
    address: str
    """"" when nobody says it."""
    place: Place

    @property
    def is_spoken(self) -> bool:
        return self.kind not in words.NOT_SPOKEN

    @property
    def is_azure(self) -> bool:
        return self.kind in words.AZURE

    def endpoints(self) -> tuple[EndpointEntry, ...]:
        return tuple(
            EndpointEntry(api_type=one, base_url=self.address, where={"": self.place})
            for one in api_types_of(self.kind)
            if self.address
        )


def kind_of(name: str) -> str:
    """`openai` for `openAI` and `open-ai`: agentgateway's own samples write it in both ways."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def read_way(fields: Fields, *, is_secure: bool) -> Way | None:
    """Of `openai: {model}` and the like, beside `host`, `port`, `path` and `pathPrefix`. None, and a refusal, without any."""
    holder = fields.inner("provider") if "provider" in fields else fields
    if holder is None:
        return None
    written = next((name for name in holder.names() if kind_of(name) in words.KINDS), "")
    if not written:
        fields.findings.append(_unknown(holder))
        return None
    kind, place = kind_of(written), holder.place(written)
    settings = holder.inner(written)
    if settings is None:
        return None
    model = _text(settings, "model") or _text(settings, "deploymentName")
    address = _own_address(fields, is_secure=is_secure) or _address_of(kind, settings)
    settings.ignore("backendRef", "Say the address of the provider: `host` and `port`.")
    settings.ignore_each(words.KIND_SETTINGS)
    settings.ignore_the_rest(("model",))
    if holder is not fields:
        holder.ignore_the_rest((written,))
    way = Way(kind=kind, model=model, address=address, place=place)
    _say_what_is_missing(way, holder, written)
    return way


def _unknown(holder: Fields) -> Finding:
    message = f"Whose API is it? Known are {', '.join(sorted(words.KINDS))}."
    return Finding(kind=Kind.REFUSED, place=holder.where[""], message=message)


def _say_what_is_missing(way: Way, fields: Fields, key: str) -> None:
    if not way.is_spoken:
        message = "This API is not spoken here: it is imported disabled, so its targets get no requests."
        fields.note(Kind.ADAPTED, key, message)
    elif not way.address:
        fields.note(Kind.ADAPTED, key, "Nobody says where it stands: type its address in the admin.")


def _own_address(fields: Fields, *, is_secure: bool) -> str:
    """From `host` and `port`, or the older `hostOverride`; "" when neither is there."""
    written = _text(fields, "hostOverride")
    host, _, port = written.partition(":") if written else (_text(fields, "host"), "", _port(fields))
    path = _text(fields, "pathOverride") or _text(fields, "path") or _text(fields, "pathPrefix")
    if not host:
        if path:
            key = next(name for name in ("pathOverride", "path", "pathPrefix") if name in fields)
            fields.note(Kind.IGNORED, key, "A path is read where a `host` stands beside it.")
        return ""
    is_https = is_secure or port in ("", str(_HTTPS_PORT))
    return f"{'https' if is_https else 'http'}://{host}{port and f':{port}'}{path.rstrip('/')}"


def _address_of(kind: str, settings: Fields) -> str:
    if endpoint := _text(settings, "endpoint"):
        return f"https://{endpoint.removeprefix('https://').rstrip('/')}{AZURE_PATH}"
    if resource := _text(settings, "resourceName"):
        return f"https://{resource}.openai.azure.com{AZURE_PATH}"
    return words.ADDRESSES.get(kind, "")


def _port(fields: Fields) -> str:
    port = fields.whole_number("port", "port")
    return "" if port is ABSENT or port is None else str(port)


def _text(fields: Fields, key: str) -> str:
    return or_else(fields.text(key, key), "").strip()
