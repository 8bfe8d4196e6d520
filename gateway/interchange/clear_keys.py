"""Keys of providers that stand in other gateways' files: none is read from there.

A reference to an environment variable is kept, however the other gateway writes it. In place of a key itself stands a
variable that is named after the provider, and the operator is told to set it. Nothing here repeats a key.
"""

import re
from collections.abc import Iterator
from typing import Final

from gateway.interchange.document import ABSENT
from gateway.interchange.fields import Fields
from gateway.interchange.findings import Kind
from providers import secrets

_WAYS_TO_REFER: Final = re.compile(
    r"\s*(?:os\.environ/|env:|\$)?\{?(?:env:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}?\s*", re.ASCII
)
_BEGINNINGS: Final = ("$", "os.environ/", "env:", "{env:")
_SET_BY_THE_CONNECTION: Final = {
    *("host", "content-length", "transfer-encoding", "connection", "accept-encoding", "content-type", "te"),
    *("trailer", "upgrade", "expect"),
}
_SHOWS_WHO_WE_ARE: Final = {"authorization", "x-api-key", "cookie", "proxy-authorization"}
"""A provider's authentication alone may set them."""


def referred_variable(text: str) -> str:
    """`NAME` of `$NAME`, `${NAME}`, `os.environ/NAME`, `env:NAME` or `{env:NAME}`; "" for anything else."""
    if not text.strip().startswith(_BEGINNINGS):
        return ""
    match = _WAYS_TO_REFER.fullmatch(text)
    return match["name"] if match else ""


def variable_for(provider: str) -> str:
    """`OPENAI_API_KEY` for `openai`."""
    return re.sub(r"[^A-Z0-9]+", "_", provider.upper()).strip("_") + "_API_KEY"


def reference(fields: Fields, key: str, text: str, variable: str) -> str:
    """`$NAME` for what stands under `key`; `variable` where that is a key itself, and a finding says so."""
    name = referred_variable(text)
    if name and not secrets.is_our_own(name):
        return f"${name}"
    reason = "This variable is a setting of Plexus itself" if name else "A key in a file is not read"
    fields.note(
        Kind.ADAPTED,
        key,
        f"{reason}: set the environment variable {variable} to the provider’s key, or type it in the admin.",
    )
    return f"${variable}"


def headers_without_keys(fields: Fields, key: str, into: str = "extra_headers") -> Iterator[tuple[str, str]]:
    """The headers under `key`: their values, and `$NAME` for a variable; of each that is left out is said why it is.

    Values are sealed when they are stored. Those that look like keys are not even read, as keys are not.
    """
    headers = fields.inner(key, into)
    for name in headers.names() if headers is not None else ():
        assert headers is not None  # else there are no names
        value = headers.text(name, name)
        variable = "" if value is ABSENT else referred_variable(value)
        if name.lower() in _SHOWS_WHO_WE_ARE:
            headers.note(Kind.IGNORED, name, "It may carry a key, which is not read from a file. Set the credential.")
        elif name.lower() in _SET_BY_THE_CONNECTION:
            headers.note(Kind.IGNORED, name, "Plexus sets this header itself.")
        elif variable and secrets.is_our_own(variable):
            headers.note(Kind.IGNORED, name, "This variable is a setting of Plexus itself. Name another one.")
        elif variable:
            yield name, f"${variable}"
        elif secrets.may_carry_a_key(name):
            headers.note(Kind.IGNORED, name, "It may carry a key, which is not read from a file. Type it in the admin.")
        elif value is not ABSENT:
            yield name, value
