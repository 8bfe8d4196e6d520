"""What stands under `policies` of a backend, a provider or a route: aliases, types of paths, the key.

Where several speak of one provider, a more specific map of aliases replaces the whole of a less specific one.
Source: merge_llm_policies in crates/agentgateway/src/store/binds.rs of agentgateway/agentgateway
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.interchange.agentgateway import vocabulary as words
from gateway.interchange.agentgateway.credentials import Auth, Secrets, read_auth
from gateway.interchange.document import ABSENT
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind, Place
from providers.wire import FORMATS

EVERY_PATH: Final = "*"
_AUTH_KEYS: Final = ("auth", "backendAuth")
_TLS_KEYS: Final = ("tls", "backendTLS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What an alias means."""

    model: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All that one place says."""

    aliases: Mapping[str, Meant] = field(default_factory=dict)
    api_type: str = ""
    """What a path means that is not known; "" where nobody says it."""
    auth: Auth | None = None
    is_secure: bool = False

    def under(self, specific: "Policies") -> "Policies":
        """Both together: what the more specific place says goes first."""
        return Policies(
            aliases=specific.aliases or self.aliases,
            api_type=specific.api_type or self.api_type,
            auth=specific.auth or self.auth,
            is_secure=specific.is_secure or self.is_secure,
        )


NOTHING: Final = Policies()


def read_policies(fields: Fields, provider: str, secrets: Secrets) -> Policies:
    """`provider`: after whom the variable is named that stands in the place of a key."""
    read = Policies(
        auth=next((auth for key in _AUTH_KEYS if (auth := read_auth(fields, key, provider, secrets))), None),
        is_secure=any(key in fields for key in _TLS_KEYS),
    )
    ai = fields.inner("ai")
    fields.ignore_each(words.POLICIES | words.TRAFFIC)
    fields.ignore_the_rest(("ai", *_AUTH_KEYS))
    return read if ai is None else read.under(read_ai(ai))


def read_ai(fields: Fields) -> Policies:
    """What stands under `ai`."""
    aliases = {}
    for section, name in fields.each_below("modelAliases"):
        place, model = section.place(name), section.required_text(name, name)
        if model:
            aliases[name] = Meant(model=model, place=place)
    api_type = _type_of_unknown_paths(fields)
    fields.ignore_each(words.AI_POLICY)
    fields.ignore_the_rest(("modelAliases", "routes"))
    return Policies(aliases=aliases, api_type=api_type)


def _type_of_unknown_paths(fields: Fields) -> str:
    unknown = ""
    for routes, path in fields.each_below("routes"):
        written = routes.text(path, path)
        api_type = "" if written is ABSENT else words.ROUTE_TYPES.get(written.lower(), "")
        if not api_type:
            routes.note(Kind.IGNORED, path, f"This type is not spoken here; known are {', '.join(words.ROUTE_TYPES)}.")
        elif path == EVERY_PATH:
            unknown = api_type
        elif path.endswith(FORMATS[api_type].path):
            routes.note(Kind.ADAPTED, path, "Below a custom route this path means the same by itself.")
        else:
            routes.note(Kind.IGNORED, path, "Below a custom route the paths of /v1 are known, and no others.")
    return unknown
