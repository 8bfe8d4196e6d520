"""`auth` of a backend or a provider -> how a provider is shown its key. A Secret becomes an environment variable.

Where the Secret stands in the file with `$NAME` in it, that is the variable; else it is named after the Secret.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.interchange.agentgateway import vocabulary as words
from gateway.interchange.clear_keys import reference, referred_variable, variable_for
from gateway.interchange.document import ABSENT, Said
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind
from gateway.interchange.yaml_nodes import Keys, Scalar

_NOT_PASSED_THROUGH: Final = "Clients show a key of Plexus here: the provider is asked without one. Set its credential."

Secrets = Mapping[str, str]
"""Name of a Secret -> environment variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How a provider is shown its key, in fields of ours."""

    auth: str = "bearer"
    credential: Said[str] = ABSENT


def read_secret(fields: Fields, name: str) -> str:
    """The environment variable in the place of a Secret."""
    variable = secret_variable(name)
    for section in ("stringData", "data"):
        for values, key in fields.each_below(section):
            text = values.text(key, key)
            named = referred_variable(text) if text is not ABSENT else ""
            if named:
                variable = named
            else:
                message = f"A key in a file is not read: set the environment variable {variable} to it."
                values.note(Kind.ADAPTED, key, message)
    fields.ignore("type", "Every Secret is an environment variable here.")
    return variable


def secret_variable(name: str) -> str:
    """`OPENAI_SECRET` for `openai-secret`."""
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "SECRET"


def read_auth(policies: Fields, key: str, provider: str, secrets: Secrets) -> Auth | None:
    """What `auth` says; None when it is not there."""
    if key not in policies:
        return None
    if isinstance(policies.node(key), Scalar):
        policies.choice(key, "auth", ("passthrough",))
        policies.note(Kind.ADAPTED, key, _NOT_PASSED_THROUGH)
        return Auth(auth="none")
    auth = policies.inner(key)
    if auth is None:
        return None
    read = _read(auth, provider, secrets)
    for cloud in words.CLOUD_AUTH:
        auth.ignore(cloud, words.CLOUD)
    auth.ignore("location", "The key is shown in the header Authorization.")
    auth.ignore_the_rest(("key", "secretRef", "passthrough"))
    return read


def _read(auth: Fields, provider: str, secrets: Secrets) -> Auth:
    if "secretRef" in auth:
        secret = auth.inner("secretRef", "credential")
        name = secret.required_text("name", "credential") if secret is not None else ""
        if name and name not in secrets:
            message = (
                f"The Secret stays in the cluster: set the environment variable {secret_variable(name)} to its key."
            )
            auth.note(Kind.ADAPTED, "secretRef", message)
        if secret is not None:
            secret.ignore("namespace", words.METADATA["namespace"])
            secret.ignore_the_rest(("name",))
        return Auth(credential=f"${secrets.get(name) or secret_variable(name)}")
    if "key" in auth:
        return Auth(credential=_key(auth, "key", provider))
    if "passthrough" in auth:
        auth.inner("passthrough", "auth")
        auth.note(Kind.ADAPTED, "passthrough", _NOT_PASSED_THROUGH)
        return Auth(auth="none")
    return Auth()


def _key(fields: Fields, key: str, provider: str) -> Said[str]:
    """`$NAME` of text, or of `{file: …}`, which is a file of keys there."""
    variable = variable_for(provider)
    if isinstance(fields.node(key), Keys):
        for inner, name in fields.each_below(key, "credential"):
            inner.note(Kind.ADAPTED, name, f"No file is read: set the environment variable {variable} to the key.")
            inner.text(name, "credential")
        return f"${variable}"
    text = fields.text(key, "credential")
    return ABSENT if text is ABSENT or not text else reference(fields, key, text, variable)


def read_key(fields: Fields, key: str, provider: str) -> Auth | None:
    """A key that stands by itself, as in the standalone gateway's `params`; None when it is not there."""
    return Auth(credential=_key(fields, key, provider)) if key in fields else None
