"""What all processes show of upstreams, as one table for people. Of what they disagree on, the worst is shown, with who says it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.health.letters import Sheet, Shown, Trail
from gateway.health.trails import SPANS, laid_together
from history.shown import NONE, shown_duration, shown_share
from routing.health.breaker import State as BreakerState
from routing.health.standing import Cause, with_time_left
from routing.health.told import Told

MOST_ROWS = 200


class State(StrEnum):
    """The worst first."""

    OPEN = "open"
    RESTING = "resting"
    FULL = "full"
    SLOW_START = "slow start"
    WELL = "well"
    IDLE = "idle"
    """Nobody has asked it lately, so nothing is known."""


ORDER = list(State)
MOODS = {
    State.OPEN: "danger",
    State.RESTING: "warning",
    State.FULL: "warning",
    State.SLOW_START: "warning",
    State.WELL: "success",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Ten seconds of the small chart; heights in percent of the highest bar."""

    place: int
    good: float
    bad: float

    @property
    def top_of_good(self) -> float:
        return 100 - self.good

    @property
    def top_of_bad(self) -> float:
        return 100 - self.good - self.bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One upstream."""

    key: str
    provider: str
    model: str
    address: str
    """Empty: the provider's own."""
    state: State
    reason: str = ""
    seconds_left: float | None = None
    said_by: int = 0
    """How many processes see this state."""
    known_to: int = 0
    in_flight_here: int = 0
    in_flight_elsewhere: int = 0
    first_byte_ms: float | None = None
    tokens_per_second: float | None = None
    requests: int = 0
    """Of the last minute."""
    good: int = 0
    bad: int = 0
    """Answers and failures of the last five minutes."""
    bars: Sequence[Bar] = ()

    @property
    def success(self) -> str:
        answers = self.good + self.bad
        return shown_share(self.good / answers if answers else None)

    @property
    def first_byte(self) -> str:
        return shown_duration(self.first_byte_ms)

    @property
    def speed(self) -> str:
        speed = self.tokens_per_second
        return NONE if speed is None else f"{speed:,.0f}" if speed >= 100 else f"{speed:.3g}"

    @property
    def mood(self) -> str:
        """Of its label: success, warning, danger, or none."""
        return MOODS.get(self.state, "")

    @property
    def may_be_cleared(self) -> bool:
        """There is something to forget."""
        return self.state not in (State.WELL, State.IDLE, State.FULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The table and what stands around it."""

    rows: Sequence[Row]
    counts: Mapping[State, int]
    """Of all upstreams, in the order of states; without those that do not occur."""
    providers: Sequence[str]
    left_out: int
    """Well or idle upstreams beyond MOST_ROWS."""
    processes: int

    @property
    def clearable(self) -> list[str]:
        return [row.key for row in self.rows if row.may_be_cleared]


def overview(configured: Iterable[str], here: Sheet, others: Sequence[Sheet], provider: str = "") -> Overview:
    """`configured`: keys of all upstreams of the table; those of one `provider`, or all."""
    shown: dict[str, list[tuple[Shown, bool]]] = {key: [] for key in configured}
    for sheet, is_here in [(here, True), *((sheet, False) for sheet in others)]:
        for one in sheet.upstreams:
            if one.told.key in shown:  # else it is gone from the configuration
                shown[one.told.key].append((one, is_here))
    providers = sorted({key.partition("/")[0] for key in shown})
    rows = [row_of(key, seen) for key, seen in shown.items() if not provider or key.startswith(f"{provider}/")]
    rows.sort(key=lambda row: (ORDER.index(row.state), -row.in_flight_here - row.in_flight_elsewhere, row.key))
    counts = {state: sum(row.state is state for row in rows) for state in ORDER}
    return Overview(
        rows=rows[:MOST_ROWS],
        counts={state: number for state, number in counts.items() if number},
        providers=providers,
        left_out=max(len(rows) - MOST_ROWS, 0),
        processes=1 + len(others),
    )


def row_of(key: str, seen: Sequence[tuple[Shown, bool]]) -> Row:
    """`seen`: as each process shows it, and whether that is the one that answers."""
    name, _, address = key.partition(" at ")
    provider, _, model = name.partition("/")
    if not seen:
        return Row(key=key, provider=provider, model=model, address=address, state=State.IDLE)
    told = [one.told for one, _ in seen]
    states = [state_of(one) for one in told]
    worst = min(states, key=ORDER.index)
    # Of those who say so, the one who will say it longest.
    spokesman = max((one for one, state in zip(told, states, strict=True) if state is worst), key=_seconds_left)
    trail = laid_together(one.trail for one, _ in seen)
    return Row(
        key=key,
        provider=provider,
        model=model,
        address=address,
        state=worst,
        reason=_reason(spokesman),
        seconds_left=spokesman.seconds_left,
        said_by=states.count(worst),
        known_to=len(told),
        in_flight_here=sum(one.told.in_flight for one, is_here in seen if is_here),
        in_flight_elsewhere=sum(one.told.in_flight for one, is_here in seen if not is_here),
        first_byte_ms=_mean([(one.first_byte_ms, one.samples) for one in told]),
        tokens_per_second=_mean([(one.tokens_per_second, one.samples) for one in told]),
        requests=sum(one.used_requests for one in told),
        good=sum(trail.good),
        bad=sum(trail.bad),
        bars=bars_of(trail),
    )


def state_of(told: Told) -> State:
    standing = told.standing
    if standing.cause is Cause.REST:
        return State.RESTING
    if standing.cause is Cause.FULL:
        return State.FULL
    if not standing.ok or told.state is not BreakerState.CLOSED:
        return State.OPEN
    return State.SLOW_START if standing.share < 1 else State.WELL


def bars_of(trail: Trail) -> list[Bar]:
    """Without those of nothing; failures stand on answers."""
    highest = max((good + bad for good, bad in zip(trail.good, trail.bad, strict=True)), default=0)
    if not highest:
        return []
    return [
        Bar(place=place, good=100 * good / highest, bad=100 * bad / highest)
        for place, (good, bad) in enumerate(zip(trail.good, trail.bad, strict=True), start=SPANS - len(trail.good))
        if good or bad
    ]


def _reason(told: Told) -> str:
    """Without the time left, which the page counts down by itself."""
    left = told.seconds_left
    return told.standing.reason if left is None else told.standing.reason.removesuffix(with_time_left("", left))


def _seconds_left(told: Told) -> float:
    return told.seconds_left or 0.0


def _mean(each: Sequence[tuple[float | None, float]]) -> float | None:
    """By weight; None where nobody knows."""
    known = [(value, weight) for value, weight in each if value is not None and weight > 0]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
