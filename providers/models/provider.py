"""Provider: an API we can call, and how we show it who we are."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q, TextChoices

from providers import extra_headers, secrets
from providers.models.configuration import ConfigurationModel
from providers.models.fields import in_flight, seconds
from providers.texts import objection_to_text

PROVIDER_NAME = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z",
    "Use letters, digits, dots, hyphens and underscores, beginning with a letter or digit.",
    code="invalid_name",
)
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
RESERVED_PROVIDER_NAMES = {"direct"}
"""`direct/provider/model` asks for a model past every alias."""

HEADERS_OF_OURS = {
    *("authorization", "x-api-key", "host", "content-length", "transfer-encoding", "connection", "accept-encoding"),
    *("content-type", "te", "trailer", "upgrade", "expect", "cookie", "proxy-authorization"),
}
"""Headers that Plexus sets itself, or that would change how the connection works."""
MAY_CARRY_THE_KEY = {"authorization", "x-api-key", "cookie", "proxy-authorization"}
"""Those of them that may still be a provider's “header of its own”."""
TIME_LIMITS = [f"{what}_timeout_seconds" for what in ("connect", "first_byte", "idle", "semantic_idle", "answer")]
"""The fields of a provider that say how long we wait for it."""


def vault() -> secrets.Vault:
    """What seals and opens stored credentials, with the keys of PLEXUS_ENCRYPTION_KEYS."""
    return secrets.Vault(settings.PLEXUS_ENCRYPTION_KEYS)


class Provider(ConfigurationModel):
    """An API we can call, and how we show it who we are."""

    class Auth(TextChoices):
        BEARER = "bearer", "Authorization: Bearer …"
        X_API_KEY = "x-api-key", "x-api-key: …"
        HEADER = "header", "a header of its own"
        NONE = "none", "none"

    name = models.CharField(
        max_length=64,
        unique=True,
        validators=[PROVIDER_NAME],
        help_text="The first part of “provider/model”, for instance openai.",
        error_messages={"unique": "A provider of this name already exists. Choose another name."},
    )
    display_name = models.CharField(max_length=128, blank=True)
    enabled = models.BooleanField(default=True, help_text="A disabled provider gets no requests; nothing else changes.")
    auth = models.CharField("authentication", max_length=16, choices=Auth.choices, default=Auth.BEARER)
    auth_header = models.CharField(
        "header name", max_length=64, blank=True, help_text="With “a header of its own”, for instance api-key."
    )
    credential = models.TextField(
        blank=True,
        help_text="$NAME of an environment variable, or the key itself: it is encrypted and never shown again.",
    )
    extra_headers = models.JSONField(
        default=dict,
        blank=True,
        help_text='Sent with every request, for instance {"HTTP-Referer": "https://…", "X-Team-Key": "$TEAM_KEY"}. '
        "A value is $NAME of an environment variable, or the text itself: it is encrypted and never shown again, but "
        "for well-known headers that carry no secret.",
    )
    asks_stream_usage = models.BooleanField(
        "asks for usage in streams",
        default=True,
        help_text="Adds stream_options.include_usage. Turn it off for a server that refuses the field.",
    )
    takes_any_model = models.BooleanField(
        default=False,
        help_text="Names that are not among its models are sent to it as they are, and it says whether it knows them.",
    )
    connect_timeout_seconds = seconds("Empty: PLEXUS_CONNECT_TIMEOUT_SECONDS.", least=0.1, most=30)
    first_byte_timeout_seconds = seconds("Streams only. Empty: PLEXUS_FIRST_BYTE_TIMEOUT_SECONDS.", most=600)
    idle_timeout_seconds = seconds("Streams only. Empty: PLEXUS_IDLE_TIMEOUT_SECONDS.", most=600)
    semantic_idle_timeout_seconds = seconds(
        "Streams only: so long without a word, however many keep-alives come. Empty: PLEXUS_SEMANTIC_IDLE_TIMEOUT_SECONDS."
    )
    answer_timeout_seconds = seconds("A whole answer. Empty: PLEXUS_ANSWER_TIMEOUT_SECONDS.")
    max_in_flight = in_flight("All its models together, from each process. Empty: no limit.")
    probe_every_seconds = seconds(
        "In seconds: how often each of its models is sent a tiny request to see whether it is well. That costs money. Empty: never.",
        least=10,
        most=86400,
    )

    credential_was_entered = False
    """Whether whoever changes this row has just typed its key: then they may also say where it is sent."""
    headers_entered: frozenset[str] = frozenset()
    """The names of those extra headers whose values they have just typed."""

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(credential="") | Q(credential__startswith="$") | Q(credential__startswith=secrets.SEAL),
                name="provider_credential_is_never_in_clear",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lacks_credential(self) -> bool:
        """Its requests are to carry a key, and go out without one."""
        return self.auth != self.Auth.NONE and not self.credential

    @property
    def credential_shown(self) -> str:
        """What a page may show of the credential: a reference, or that there is one."""
        if not self.credential:
            return ""
        return self.credential if secrets.is_reference(self.credential) else "stored, encrypted"

    def save_in_turn(self, *args: Any, **kwargs: Any) -> None:
        self._seal()
        super().save_in_turn(*args, **kwargs)

    def clean(self) -> None:
        errors: dict[str, ValidationError] = {}
        if self.name.lower() in RESERVED_PROVIDER_NAMES:
            errors["name"] = ValidationError(
                f"“{self.name}” is kept for “direct/provider/model”. Choose another name.", code="reserved"
            )
        if problem := objection_to_text(self.display_name):
            errors["display_name"] = ValidationError(problem, code="control_characters")
        errors |= self._objections_to_authentication()
        errors |= self._objections_to_time_limits()
        errors |= self._objections_to_headers()
        if errors:
            raise ValidationError(errors)
        self._seal()

    def _seal(self) -> None:
        stored = sealed(self.credential)
        self.credential_was_entered |= stored != self.credential
        self.credential = stored
        if extra_headers.hidden(self.extra_headers):
            self.extra_headers, typed = extra_headers.sealed(self.extra_headers, vault())
            self.headers_entered |= typed

    def enter_headers(self, typed: Mapping[str, str], kept: Collection[str] = ()) -> dict[str, str]:
        """What `extra_headers` are to be when somebody types these, and leaves those that are `kept` as they are."""
        self.headers_entered |= typed.keys()
        return extra_headers.entered(self.extra_headers, typed, kept, vault())

    @property
    def secrets_not_entered(self) -> list[str]:
        """What is stored and was not typed just now, in words: it goes to the hosts that it was entered for."""
        key = ["key"] if secrets.is_sealed(self.credential) and not self.credential_was_entered else []
        headers = extra_headers.hidden(self.extra_headers)
        return key + [f"header “{name}”" for name in headers if name not in self.headers_entered]

    def _objections_to_headers(self) -> dict[str, ValidationError]:
        problem = objection_to_headers(self.extra_headers)
        code, message = ("invalid_header", problem) if problem else ("", "")
        if not problem and (objection := extra_headers.objection_to_references(self.extra_headers)):
            code, message = objection
        return {"extra_headers": ValidationError(message, code=code)} if code else {}

    def _objections_to_authentication(self) -> dict[str, ValidationError]:
        errors: dict[str, ValidationError] = {}
        if self.auth == self.Auth.HEADER and not HEADER_NAME.fullmatch(self.auth_header):
            errors["auth_header"] = ValidationError(
                "Name the header that carries the key, for instance api-key.", code="invalid_header"
            )
        elif self.auth == self.Auth.HEADER and self.auth_header.lower() in HEADERS_OF_OURS - MAY_CARRY_THE_KEY:
            errors["auth_header"] = ValidationError(
                f"“{self.auth_header}” is set by Plexus itself. Name the header that carries the key.",
                code="invalid_header",
            )
        if self.credential.startswith("$") and not secrets.is_reference(self.credential):
            errors["credential"] = ValidationError(
                "A reference is $NAME, with NAME of letters, digits and underscores, for instance $OPENAI_API_KEY.",
                code="invalid_reference",
            )
        elif secrets.is_reference(self.credential) and secrets.is_our_own(secrets.reference_name(self.credential)):
            errors["credential"] = ValidationError(
                "This variable is a setting of Plexus itself and is never sent to a provider. Name another one.",
                code="our_own_secret",
            )
        elif re.search(r"[\s\x00-\x1f\x7f]|[^\x00-\xff]", self.credential):
            errors["credential"] = ValidationError(
                "A credential goes into a header: no spaces, line ends or characters beyond Latin-1.",
                code="invalid_credential",
            )
        return errors

    def _objections_to_time_limits(self) -> dict[str, ValidationError]:
        limits = {name: getattr(self, name) for name in [*TIME_LIMITS, "probe_every_seconds"]}
        # NaN is neither below the least nor above the most, and not even itself.
        wrong = [name for name, value in limits.items() if value != value]
        return {name: ValidationError("Give a number of seconds.", code="invalid") for name in wrong}


def sealed(credential: str) -> str:
    """A credential as it may be stored: a reference as it is, a literal encrypted. Doing it twice does no harm."""
    keeps = not credential or secrets.is_reference(credential) or secrets.is_sealed(credential)
    return credential if keeps else vault().seal(credential)


def objection_to_headers(headers: object) -> str | None:
    """Why these extra headers cannot be sent, or None."""
    if not isinstance(headers, Mapping):
        return 'Write a JSON object of names and values, for instance {"HTTP-Referer": "https://…"}.'
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(str(name)):
            return f"“{name}” is not a header name."
        if str(name).lower() in HEADERS_OF_OURS:
            return f"“{name}” is set by Plexus itself. Remove it."
        if not isinstance(value, str) or re.search(r"[\x00-\x1f\x7f]|[^\x00-\xff]", value):
            return f"The value of “{name}” must be text without line ends."
    return None
