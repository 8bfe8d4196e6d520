"""The periods that the dashboard can show, and how each is cut into the steps of its charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A length of time up to now."""

    name: str
    """As in the address of the page."""
    label: str
    """To follow “the last”."""
    length: timedelta
    step: timedelta
    """Of the charts."""
    resolution: str
    """Of the statistics that are read: TargetStat.resolution."""
    step_format: str
    """For the labels of the charts: strftime."""


PERIODS: Final = {
    period.name: period
    for period in (
        Period(
            name="1h", label="hour", length=timedelta(hours=1), step=timedelta(minutes=1), resolution="minute",
            step_format="%H:%M",
        ),
        Period(
            name="24h", label="24 hours", length=timedelta(hours=24), step=timedelta(hours=1), resolution="hour",
            step_format="%H:%M",
        ),
        Period(
            name="7d", label="7 days", length=timedelta(days=7), step=timedelta(hours=6), resolution="hour",
            step_format="%Y-%m-%d %H:%M",
        ),
        Period(
            name="30d", label="30 days", length=timedelta(days=30), step=timedelta(days=1), resolution="hour",
            step_format="%Y-%m-%d",
        ),
    )
}  # fmt: skip
DEFAULT: Final = PERIODS["24h"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A period as it stands now. The last step is the one that is not over yet."""

    start: datetime
    end: datetime
    steps: Sequence[datetime]
    """Where each begins."""
    step: timedelta
    earlier_start: datetime
    earlier_end: datetime
    """The same stretch one period before, cut off at the same point: comparing it with now is fair."""

    def index_of(self, number: int) -> int:
        """Of the step with this number, which is inside: see step_number."""
        return number - step_number(self.start, self.step)


def step_number(moment: datetime, step: timedelta) -> int:
    """Of the step that a moment belongs to: every window cuts time at the same points, counted from the epoch."""
    return (moment - EPOCH) // step


def window(period: Period, now: datetime) -> Window:
    """The last `period.length`, in whole steps of the clock in UTC."""
    last = now - (now - EPOCH) % period.step
    start = last - period.length + period.step
    return Window(
        start=start,
        end=now,
        steps=[start + number * period.step for number in range(period.length // period.step)],
        step=period.step,
        earlier_start=start - period.length,
        earlier_end=now - period.length,
    )
