"""What every wire format has in common: its description, a request as it was read, and how bytes can be wrong.

    Exception
    └── Malformed             bytes that are not what their format says
        ├── MalformedCall     the caller's fault: a request we cannot route; 400
        ├── MalformedAnswer   the upstream's fault: an answer that is not a JSON object; 502
        └── MalformedStream   the upstream's fault: an event that never ends; an error event

A caller's error names the parameter and the cure. None of them holds a prompt or a body.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


class Malformed(Exception):
    """Bytes that are not what their format says."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        """The name of the JSON member that is wrong, where one is."""


class MalformedCall(Malformed):
    """The caller sent a body that no upstream could take."""


class MalformedAnswer(Malformed):
    """The upstream's answer is not a JSON object."""


class MalformedStream(Malformed):
    """The upstream's stream cannot be cut into events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFormat:
    """How one API is called."""

    label: str
    """For people, in the admin."""
    path: str
    """Below the API root: `/chat/completions`."""
    streams: bool
    """Whether `"stream": true` means something here."""
    input_field: str
    """The member that holds what the model is asked."""
    input_types: tuple[str, ...]
    """What that member may be, in the words of an error message: `an array`."""
    usage_is_asked_for: bool = False
    """A stream tells its usage only when `stream_options.include_usage` says so."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes to put in place of `body[start:end]`."""

    start: int
    end: int
    text: bytes


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was read of a request; `body` is as it came, and every edit leaves all its other bytes alone.

    A struct, since there is one for each request, and a frozen dataclass of this size takes six times as long to make.
    """

    model: str
    body: bytes
    streams: bool
    wants_usage_chunk: bool
    """The caller asked for the extra chunk with the usage itself."""
    model_start: int
    model_end: int
    """`body[model_start:model_end]` is the JSON string with the model's name, quotes included."""
    usage_edit: Edit | None
    """The edit that asks the upstream for the usage; `None` where that is not needed."""

    def with_model(self, model_json: bytes) -> bytes:
        """The body for an upstream that calls the model `model_json` (a JSON string, quotes included)."""
        return b"".join((self.body[: self.model_start], model_json, self.body[self.model_end :]))

    def with_usage_asked(self) -> Call:
        """The same call, its stream asked to end with the usage."""
        edit = self.usage_edit
        if edit is None:
            return self
        moved = len(edit.text) - (edit.end - edit.start) if edit.start < self.model_start else 0
        return msgspec.structs.replace(
            self,
            body=b"".join((self.body[: edit.start], edit.text, self.body[edit.end :])),
            model_start=self.model_start + moved,
            model_end=self.model_end + moved,
            usage_edit=None,
        )
