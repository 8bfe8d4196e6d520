"""What is known of an exchange so far. It becomes an Exchange, once, when the exchange ends."""

import msgspec

from history.records import Attempt, Begun, Exchange, Outcome
from providers.errors import UpstreamError
from providers.pricing import Price, Usage
from providers.verdict import Verdict
from routing.health import Ticket
from routing.step import Step
from routing.table import Entrance, LeftOut, Route

KEPT_ERROR_CHARACTERS = 256
NO_ROUTE = Route(name="")
NO_USAGE = Usage(input_tokens=0, output_tokens=0)


class Moment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A reading of both clocks: one for dates, one for durations. A request takes one, and the second alone from then on."""

    epoch: float
    monotonic: float


class OpenAttempt(msgspec.Struct, gc=False, kw_only=True):
    """An attempt that is still going on."""

    step: Step
    url: str
    began: float
    """On the monotonic clock."""
    number: int
    ticket: Ticket | None = None
    """At the health of its upstream."""
    first_byte_ms: float | None = None
    upstream_request_id: str = ""


class Draft(msgspec.Struct, kw_only=True):
    """One exchange in the making."""

    id: str
    began: Moment
    api_type: str
    client_address: str = ""
    entrance: Entrance | None = None
    """The custom route that it came in by."""
    key_id: int | None = None
    key_name: str = ""
    requested_model: str = ""
    route: Route | None = None
    barred_route: Route | None = None
    """What was asked for, by a key that may not use it. The history names it; the answer does not, nor has it headers that do."""
    streamed: bool = False
    request_bytes: int = 0
    answer_bytes: int = 0
    first_byte_ms: float | None = None
    usage: Usage | None = None
    price: Price | None = None
    finish_reason: str = ""
    left_out: list[LeftOut] = []
    attempts: list[Attempt] = []
    """In the order in which they ended: that of their numbers, unless two were under way at once."""
    tries: int = 0
    """Begun so far, those of drafts beside this one too."""
    is_closed: bool = False
    answered: int = 0
    """The number of the attempt whose answer the client got; 0: of the last one."""
    first_failed_at: float | None = None
    """On the monotonic clock."""
    was_hurried: bool = False
    """The last try had less time than its upstream has elsewhere."""
    cancelled_code: str = "client_closed"
    """What it means when the work on this is cancelled."""
    _current: OpenAttempt | None = None

    def begun(self, step: Step, url: str, now: float) -> Begun:
        """What is known of the exchange just before its first upstream is asked."""
        upstream = step.upstream
        route = self.route or NO_ROUTE
        return Begun(
            id=self.id,
            started_at=self.began.epoch,
            key_id=self.key_id,
            key_name=self.key_name,
            client_address=self.client_address,
            api_type=self.api_type,
            requested_model=self.requested_model,
            alias=route.name if route.id else route.known_as,
            alias_id=route.id or None,
            streamed=self.streamed,
            request_bytes=self.request_bytes,
            provider=upstream.provider,
            model=upstream.model,
            target_id=step.target_id,
            url=url,
            asked_at=self._date_of(now),
        )

    def beginning(self, step: Step, url: str, now: float) -> Attempt:
        """Another try, as it will be told if this process does not live to its end."""
        return Attempt(
            number=self.tries + 1,
            target_id=step.target_id,
            provider=step.upstream.provider,
            model=step.upstream.model,
            url=url,
            started_at=self._date_of(now),
            latency_ms=0.0,
            outcome=Outcome.INTERRUPTED,
            why=step.why[:KEPT_ERROR_CHARACTERS],
        )

    def begin_attempt(
        self, step: Step, url: str, price: Price | None, now: float, ticket: Ticket | None = None
    ) -> None:
        """Another upstream is being tried."""
        self.price = price
        self.tries += 1
        self._current = OpenAttempt(step=step, url=url, began=now, number=self.tries, ticket=ticket)

    def _date_of(self, moment: float) -> float:
        """Seconds since the epoch, of a moment on the monotonic clock: a clock that is set meanwhile changes no order."""
        return self.began.epoch + (moment - self.began.monotonic)

    def aside(self) -> "Draft":
        """The same exchange, for one try while another is under way. What becomes of it is among the attempts of both."""
        beside = msgspec.structs.replace(self)  # shares the lists
        self.tries += 1
        return beside

    def go_on_as(self, beside: "Draft") -> None:
        """Its try is the one that the client is answered by."""
        for name in ("_current", "price", "usage", "finish_reason", "answer_bytes", "first_byte_ms", "was_hurried"):
            setattr(self, name, getattr(beside, name))

    def note_head(self, now: float, upstream_request_id: str) -> None:
        """The upstream has begun to answer."""
        if self._current is not None:
            self._current.first_byte_ms = (now - self._current.began) * 1000
            self._current.upstream_request_id = upstream_request_id[:128]

    def note_answer(self, now: float) -> None:
        """The upstream has begun to say something: its first content, or the head of a whole answer."""
        if self._current is not None and self._current.ticket is not None:
            self._current.ticket.first_byte(now)

    def note_first_byte(self, now: float) -> None:
        """The first content goes to the client."""
        if self.first_byte_ms is None:
            self.first_byte_ms = (now - self.began.monotonic) * 1000

    def forget_answer(self) -> None:
        """What the upstream has said so far goes to nobody."""
        self.answer_bytes = 0
        self.first_byte_ms = None

    def end_attempt(
        self,
        outcome: Outcome,
        now: float,
        *,
        status: int | None = None,
        failure: UpstreamError | None = None,
        verdict: Verdict | None = None,
        remark: str = "",
    ) -> None:
        """What came of the upstream that is being tried. Does nothing when none is. `remark`: for people, without a failure.

        Its health learns of a good answer, and of a failure with a verdict; all else says nothing of it.
        """
        current, self._current = self._current, None
        if current is None:
            return
        ticket = current.ticket
        if ticket is not None:
            if outcome is Outcome.OK:
                usage = self.usage or NO_USAGE
                ticket.end(now, tokens=usage.output_tokens, read_tokens=usage.input_tokens)
            elif verdict is not None:
                ticket.end(now, verdict)
            else:
                ticket.leave()
        upstream = current.step.upstream
        self.attempts.append(
            Attempt(
                number=current.number,
                target_id=current.step.target_id,
                provider=upstream.provider,
                model=upstream.model,
                url=current.url,
                started_at=self._date_of(current.began),
                latency_ms=(now - current.began) * 1000,
                first_byte_ms=current.first_byte_ms,
                status=status if failure is None or failure.upstream_status is None else failure.upstream_status,
                outcome=outcome,
                condition=str(failure.condition) if failure else "",
                error=(failure.message if failure else remark)[:KEPT_ERROR_CHARACTERS],
                upstream_request_id=current.upstream_request_id,
                why=current.step.why[:KEPT_ERROR_CHARACTERS],
            )
        )

    def close(self, outcome: Outcome, status: int, now: float, *, code: str = "", error: str = "") -> Exchange:
        """The finished record. `status`: what the client was told."""
        self.is_closed = True
        if self._current is not None:
            self.end_attempt(outcome, now)
        told = self.attempts[self.answered - 1] if self.attempts else None
        route = self.route or self.barred_route or NO_ROUTE
        if told is not None:
            provider, model, target_id = told.provider, told.model, told.target_id
        elif route.id or outcome is Outcome.REFUSED:
            provider, model, target_id = "", "", None
        else:  # a model by its own name that could not be asked at all: it is that model's failure
            (provider, _, model), target_id = route.name.partition("/"), None
        return Exchange(
            id=self.id,
            started_at=self.began.epoch,
            key_id=self.key_id,
            key_name=self.key_name,
            client_address=self.client_address,
            api_type=self.api_type,
            requested_model=self.requested_model,
            alias=route.name if route.id else route.known_as,
            alias_id=route.id or None,
            provider=provider,
            model=model,
            target_id=target_id,
            streamed=self.streamed,
            outcome=outcome,
            status=status,
            error_code=code,
            error=error[:KEPT_ERROR_CHARACTERS],
            latency_ms=(now - self.began.monotonic) * 1000,
            first_byte_ms=self.first_byte_ms,
            request_bytes=self.request_bytes,
            answer_bytes=self.answer_bytes,
            finish_reason=self.finish_reason[:64],
            usage=self.usage,
            price=self.price,
            left_out=_told(self.left_out) if self.left_out else "",
            attempts=tuple(self.attempts),
        )


def _told(left_out: list[LeftOut]) -> str:
    return "\n".join(f"{item.target}: {item.reason}" for item in left_out)
