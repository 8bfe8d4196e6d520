"""The parts of a routing table: an alias as requests see it, its targets, and whom they call."""

import msgspec


class Frozen(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A value of the table."""


class Upstream(Frozen, frozen=True, kw_only=True):
    """One model at one address, with all that is needed to call it; never a secret in clear."""

    key: str
    """Names it among all upstreams: provider/model, and the address where it has one of its own."""
    model_id: int = 0
    """The ProviderModel's."""
    provider: str
    model: str
    urls: dict[str, str]
    """API type -> address of the endpoint."""
    auth: str = "bearer"
    auth_header: str = ""
    credential: str = ""
    """$NAME of an environment variable, or sealed text."""
    headers: dict[str, str] = {}
    """As they are stored: what may be a secret is $NAME of an environment variable, or sealed text."""
    asks_stream_usage: bool = True
    connect_timeout_seconds: float | None = None
    first_byte_timeout_seconds: float | None = None
    idle_timeout_seconds: float | None = None
    semantic_idle_timeout_seconds: float | None = None
    answer_timeout_seconds: float | None = None
    max_in_flight: int | None = None
    """Of this model, from one process. None: as the settings say."""
    provider_max_in_flight: int | None = None
    """Of all models of its provider together. None: no limit."""
    probe_every_seconds: float | None = None
    context_length: int | None = None
    input_usd_per_mtok: str | None = None
    output_usd_per_mtok: str | None = None
    cached_input_usd_per_mtok: str | None = None

    @property
    def name(self) -> str:
        """provider/model: for callers, who need not know where it stands."""
        return f"{self.provider}/{self.model}"


class Waits(Frozen, frozen=True, kw_only=True):
    """How long a target may take where it differs from its provider, in seconds."""

    connect_seconds: float | None = None
    first_byte_seconds: float | None = None
    idle_seconds: float | None = None
    answer_seconds: float | None = None


class Candidate(Frozen, frozen=True, kw_only=True):
    """A target that may be chosen: an upstream, by its place in the table, or another alias, by name."""

    id: int
    weight: int = 1
    upstream: int = -1
    alias: str = ""
    conditions: tuple[str, ...] = ()
    """What must have failed before it is asked (routing/conditions.py). Empty: it may be the first."""
    waits: Waits | None = None


class LeftOut(Frozen, frozen=True, kw_only=True):
    """A target that gets no requests as things are configured, and why."""

    target: str
    reason: str
    for_callers: str = ""
    """What a caller may know of it instead, where these name an address or a variable of ours."""
    speaks: tuple[str, ...] = ()
    """The API types that it could take instead, where the request's is all that is against it."""

    @property
    def told(self) -> str:
        """For the caller."""
        return self.for_callers or f"{self.target} ({self.reason})"


class DisabledModel(Frozen, frozen=True, kw_only=True):
    """A model that cannot be asked for, and why."""

    model_id: int
    reason: str


class Route(Frozen, frozen=True, kw_only=True):
    """An alias as requests see it, or one model that was asked for directly."""

    name: str
    id: int = 0
    """The alias's; 0 when a model was asked for directly."""
    model_id: int = 0
    """The model's when it was asked for directly; 0 for an alias."""
    description: str = ""
    listed: bool = True
    selector: str = "in_order"
    answers_as_requested: bool = False
    max_attempts: int = 3
    holds_streams_back: bool = False
    """Until they are whole, so that a break in the middle can be mended."""
    sticky: str = ""
    """What names a session (gateway/sessions.py); empty: nothing does."""
    sticky_seconds: float = 3600.0
    hedge_percentile: int = 0
    """0: never ask a second one."""
    hedge_budget_percent: int = 5
    created: int = 0
    """When the alias was made, seconds since the epoch."""
    tiers: tuple[tuple[Candidate, ...], ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    known_as: str = ""
    """For one model: the pattern, or the provider's own alias, by which it was asked for. The history shows it as the alias."""
    came_by: str = ""
    """How a request came here where its name alone does not say: “/openai”, “pattern gpt-*”. For people."""
    guest: Upstream | None = None
    """The one upstream, where it is in no table: a model that nobody stored, of a provider that takes any."""

    @property
    def shown_name(self) -> str:
        """What headers and history call the alias; empty for a model that was asked for by its own name."""
        return self.name if self.id else self.known_as

    @property
    def is_direct(self) -> bool:
        """One model, past every alias: permission is that for the model."""
        return self.id == 0
