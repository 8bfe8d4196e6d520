"""What is known of an exchange so far. It becomes an Exchange, once, when the exchange ends."""

from dataclasses import dataclass, field

from history.records import Attempt, Begun, Exchange, Outcome
from providers.errors import UpstreamError
from providers.pricing import Price, Usage
from routing.plan import Step
from routing.table import LeftOut, Route

KEPT_ERROR_CHARACTERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A reading of both clocks: one for dates, one for durations."""

    epoch: float
    monotonic: float


@dataclass(slots=True, kw_only=True)
class OpenAttempt:
    """An attempt that is still going on."""

    step: Step
    url: str
    began: Moment
    number: int
    first_byte_ms: float | None = None
    upstream_request_id: str = ""


@dataclass(slots=True, kw_only=True)
class Draft:
    """One exchange in the making."""

    id: str
    began: Moment
    api_type: str
    client_address: str = ""
    key_id: int | None = None
    key_name: str = ""
    requested_model: str = ""
    route: Route | None = None
    streamed: bool = False
    request_bytes: int = 0
    answer_bytes: int = 0
    first_byte_ms: float | None = None
    usage: Usage | None = None
    price: Price | None = None
    finish_reason: str = ""
    left_out: list[LeftOut] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    is_closed: bool = False
    cancelled_code: str = "client_closed"
    """What it means when the work on this is cancelled."""
    _current: OpenAttempt | None = None

    def begun(self, step: Step, url: str, now: Moment) -> Begun:
        """What is known of the exchange just before its first upstream is asked."""
        route, upstream = self.route, step.upstream
        return Begun(
            id=self.id,
            started_at=self.began.epoch,
            key_id=self.key_id,
            key_name=self.key_name,
            client_address=self.client_address,
            api_type=self.api_type,
            requested_model=self.requested_model,
            alias=route.name if route and not route.is_direct else "",
            alias_id=route.id if route and not route.is_direct else None,
            streamed=self.streamed,
            request_bytes=self.request_bytes,
            provider=upstream.provider,
            model=upstream.model,
            target_id=step.target_id,
            url=url,
            asked_at=now.epoch,
        )

    def beginning(self, step: Step, url: str, now: Moment) -> Attempt:
        """Another try, as it will be told if this process does not live to its end."""
        return Attempt(
            number=len(self.attempts) + 1,
            target_id=step.target_id,
            provider=step.upstream.provider,
            model=step.upstream.model,
            url=url,
            started_at=now.epoch,
            latency_ms=0.0,
            outcome=Outcome.INTERRUPTED,
        )

    def begin_attempt(self, step: Step, url: str, price: Price | None, now: Moment) -> None:
        """Another upstream is being tried."""
        self.price = price
        self._current = OpenAttempt(step=step, url=url, began=now, number=len(self.attempts) + 1)

    def note_head(self, now: Moment, upstream_request_id: str) -> None:
        """The upstream has begun to answer."""
        if self._current is not None:
            self._current.first_byte_ms = (now.monotonic - self._current.began.monotonic) * 1000
            self._current.upstream_request_id = upstream_request_id[:128]

    def note_first_byte(self, now: Moment) -> None:
        """The first content goes to the client."""
        if self.first_byte_ms is None:
            self.first_byte_ms = (now.monotonic - self.began.monotonic) * 1000

    def end_attempt(
        self, outcome: Outcome, now: Moment, *, status: int | None = None, failure: UpstreamError | None = None
    ) -> None:
        """What came of the upstream that is being tried. Does nothing when none is."""
        current, self._current = self._current, None
        if current is None:
            return
        upstream = current.step.upstream
        self.attempts.append(
            Attempt(
                number=current.number,
                target_id=current.step.target_id,
                provider=upstream.provider,
                model=upstream.model,
                url=current.url,
                started_at=current.began.epoch,
                latency_ms=(now.monotonic - current.began.monotonic) * 1000,
                first_byte_ms=current.first_byte_ms,
                status=status if failure is None or failure.upstream_status is None else failure.upstream_status,
                outcome=outcome,
                condition=str(failure.condition) if failure else "",
                error=failure.message[:KEPT_ERROR_CHARACTERS] if failure else "",
                upstream_request_id=current.upstream_request_id,
            )
        )

    def close(self, outcome: Outcome, status: int, now: Moment, *, code: str = "", error: str = "") -> Exchange:
        """The finished record. `status`: what the client was told."""
        self.is_closed = True
        self.end_attempt(outcome, now)
        last = self.attempts[-1] if self.attempts else None
        route = self.route
        return Exchange(
            id=self.id,
            started_at=self.began.epoch,
            key_id=self.key_id,
            key_name=self.key_name,
            client_address=self.client_address,
            api_type=self.api_type,
            requested_model=self.requested_model,
            alias=route.name if route and not route.is_direct else "",
            alias_id=route.id if route and not route.is_direct else None,
            provider=last.provider if last else "",
            model=last.model if last else "",
            target_id=last.target_id if last else None,
            streamed=self.streamed,
            outcome=outcome,
            status=status,
            error_code=code,
            error=error[:KEPT_ERROR_CHARACTERS],
            latency_ms=(now.monotonic - self.began.monotonic) * 1000,
            first_byte_ms=self.first_byte_ms,
            request_bytes=self.request_bytes,
            answer_bytes=self.answer_bytes,
            finish_reason=self.finish_reason[:64],
            usage=self.usage,
            price=self.price,
            left_out="\n".join(f"{item.target}: {item.reason}" for item in self.left_out),
            attempts=tuple(self.attempts),
        )
