"""Provider, Endpoint and ProviderModel: an API we can call, its addresses, and the models behind it."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connection, models, transaction
from django.db.models import Q, TextChoices

from providers import extra_headers, secrets, wire
from providers.addresses import objection_to_url, split_url
from providers.texts import objection_to_text

CONFIGURATION_LOCK = 0x706C_6578  # "plex"; any number that nobody else in this database locks
LONGEST_QUEUE_SECONDS = 20
"""As long as SQLite's writers wait for theirs."""

PROVIDER_NAME = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z",
    "Use letters, digits, dots, hyphens and underscores, beginning with a letter or digit.",
    code="invalid_name",
)
MODEL_NAME = RegexValidator(
    r"\A[^\s\x00-\x1f\x7f]+\Z", "A model's name has no spaces and no control characters.", code="invalid_name"
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
MOST_IN_FLIGHT = 100_000


def hold_configuration() -> None:
    """Wait for our turn to change configuration, until the transaction ends.

    With every writer in turn, a rule that spans rows (unique names, no circles) holds also when two
    administrators save at once, and no two of them can deadlock. SQLite's transactions are IMMEDIATE, which
    comes to the same.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Not the short limits that all other statements have: an import may be before us in the queue.
            cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_QUEUE_SECONDS}s'")
            # Later, or it would be the one that ends the waiting, and look like a statement that is too slow.
            cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST_QUEUE_SECONDS + 5}s'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CONFIGURATION_LOCK])


def vault() -> secrets.Vault:
    """What seals and opens stored credentials, with the keys of PLEXUS_ENCRYPTION_KEYS."""
    return secrets.Vault(settings.PLEXUS_ENCRYPTION_KEYS)


class ConfigurationModel(models.Model):
    """A row of configuration: written in turn, and noticed by the signals in routing/signals.py."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's own signature
        with transaction.atomic():
            hold_configuration()
            self.save_in_turn(*args, **kwargs)

    def save_in_turn(self, *args: Any, **kwargs: Any) -> None:
        """Write the row. Called while no other writer of configuration is at work."""
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            hold_configuration()
            return super().delete(*args, **kwargs)


def seconds(help_text: str, *, least: float = 0.1, most: float = 3600) -> models.FloatField:  # type: ignore[type-arg]
    """A time limit that falls back to a setting when it is empty."""
    return models.FloatField(
        null=True,
        blank=True,
        help_text=help_text,
        validators=[
            MinValueValidator(least, f"At least {least:g} seconds."),
            MaxValueValidator(most, f"At most {most:g} seconds."),
        ],
    )


def in_flight(help_text: str) -> models.PositiveIntegerField:  # type: ignore[type-arg]
    """How many requests may be with somebody at once, from one process of ours."""
    return models.PositiveIntegerField(
        "requests at once",
        null=True,
        blank=True,
        help_text=help_text,
        validators=[
            MinValueValidator(1, "At least 1. Disable it to give it nothing."),
            MaxValueValidator(MOST_IN_FLIGHT, f"At most {MOST_IN_FLIGHT:,}."),
        ],
    )


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


_CURES = {
    True: "Enter the credential again together with the address; in a file, name its variable in apiKeyEnv.",
    False: "Enter its value again together with the address; in a file, name its variable: $NAME.",
}


class Endpoint(ConfigurationModel):
    """Where a provider answers one kind of API."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="endpoints")
    api_type = models.CharField("API type", max_length=32, choices=wire.choices, default="chat")
    base_url = models.CharField(
        "base URL",
        max_length=2000,
        help_text="An API root (https://api.openai.com/v1) or the full address of the endpoint.",
    )

    class Meta:
        ordering = ["provider", "api_type"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "api_type"],
                name="endpoint_once_per_api_type",
                violation_error_message="This provider already has an address for this API type. Change that one.",
                violation_error_code="taken",
            )
        ]

    def __str__(self) -> str:
        return f"{self.api_type}: {self.base_url}"

    def clean(self) -> None:
        check_base_url(self.base_url, "base_url")
        if self._has_a_provider:
            self._clean_whose_key_goes_there()

    @property
    def _has_a_provider(self) -> bool:
        """False when none was given, or one that is gone: the field itself says so."""
        try:
            return self.provider is not None
        except Provider.DoesNotExist:
            return False

    def _clean_whose_key_goes_there(self) -> None:
        """A stored secret goes to the hosts that it was entered for. Else an editor could read it, at a host of their own."""
        stored_secrets = self.provider.secrets_not_entered
        if not stored_secrets:
            return
        stored = Endpoint.objects.filter(provider_id=self.provider.pk).values_list("base_url", flat=True)
        if server_of(self.base_url) not in {server_of(url) for url in stored}:
            raise ValidationError(
                {
                    "base_url": ValidationError(
                        f"The stored {stored_secrets[0]} of “{self.provider}” has not gone to this host so far. "
                        f"{_CURES[stored_secrets[0] == 'key']}",
                        code="credential_needed",
                    )
                }
            )


def server_of(url: str) -> str:
    """Scheme, host and port of an address: `https://api.openai.com:443`. "" for one that cannot be read."""
    try:
        split = split_url(url)
    except ValueError:
        return ""
    return f"{split.scheme}://{split.host}:{split.port}"


def check_base_url(url: str, field: str) -> None:
    """Raise ValidationError, for `field`, when an upstream may not stand at this address."""
    if objection := objection_to_url(url, settings.PLEXUS_PRIVATE_UPSTREAMS):
        code, message = objection
        raise ValidationError({field: ValidationError(message, code=code)})


def usd_per_mtok(help_text: str = "") -> models.DecimalField:  # type: ignore[type-arg]
    """US dollars per million tokens."""
    return models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0), "A price is not negative.")],
        help_text=help_text,
    )


class ProviderModel(ConfigurationModel):
    """One model of a provider."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="models")
    name = models.CharField(
        max_length=200,
        validators=[MODEL_NAME],
        help_text="Its id at the provider, exactly, for instance gpt-4o-mini or meta-llama/llama-3.3-70b:free.",
    )
    enabled = models.BooleanField(default=True)
    api_types = models.JSONField(
        "API types", default=list, blank=True, help_text="Which of the provider's API types it does. Empty: all."
    )
    context_length = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Tokens."
    )
    input_usd_per_mtok = usd_per_mtok("US dollars per million tokens. Empty: the public price list.")
    output_usd_per_mtok = usd_per_mtok()
    cached_input_usd_per_mtok = usd_per_mtok("Empty: the same as input.")
    max_in_flight = in_flight("From each process. Empty: PLEXUS_UPSTREAM_MAX_IN_FLIGHT.")

    class Meta:
        ordering = ["provider", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "name"],
                name="model_once_per_provider",
                violation_error_message="This provider already has a model of this name.",
                violation_error_code="taken",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider.name}/{self.name}"

    def clean(self) -> None:
        errors: dict[str, ValidationError] = {}
        if (self.input_usd_per_mtok is None) != (self.output_usd_per_mtok is None):
            empty = "input_usd_per_mtok" if self.input_usd_per_mtok is None else "output_usd_per_mtok"
            errors[empty] = ValidationError("Give both prices, input and output, or neither.", code="price_incomplete")
        elif self.cached_input_usd_per_mtok is not None and self.input_usd_per_mtok is None:
            errors["input_usd_per_mtok"] = ValidationError(
                "A price for cached input needs the prices of input and output.", code="price_incomplete"
            )
        if problem := self._objection_to_api_types():
            errors["api_types"] = ValidationError(problem, code="invalid_api_type")
        if errors:
            raise ValidationError(errors)

    def _objection_to_api_types(self) -> str | None:
        if not isinstance(self.api_types, list):
            return 'Write a list, for instance ["chat"].'
        unknown = [name for name in self.api_types if not isinstance(name, str) or name not in wire.FORMATS]
        return f"Unknown: {unknown}. Known are {', '.join(wire.FORMATS)}." if unknown else None
