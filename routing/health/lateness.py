"""A stall is noticed long before the timeout: an upstream that usually answers in half a second need not be given sixty.

Usual is a decaying mean of the time to the first byte, with its mean deviation. Late is longer than
max(3 s, 6 mean + 4 deviation), known after 20 answers. An upstream stalls when three requests that were begun since
its last first byte are all late: so one long thought, or one lost request, is none.

An answer that came late is cut to what was late before, and weighs little: a sick upstream that is only probed stays
late for a quarter of an hour; where everybody has become slow, so that they are asked all the same, it soon is usual.
Source: Jacobson, “Congestion avoidance and control” (1988), appendix A; with smaller gains, since the time to a first
token varies with the length of the prompt.
"""

from itertools import islice

from routing.health.ticket import Ticket

LEAST_LATE_SECONDS = 3.0
KNOWN_AFTER_ANSWERS = 20
LATE_TOGETHER = 3
GAIN = 1 / 32
GAIN_OF_LATE = 1 / 256
NEVER = float("inf")


class Lateness:
    """What is usual at one upstream, and who waits for it."""

    __slots__ = ("answers", "deviation_seconds", "limit_seconds", "usual_seconds", "waiting")

    def __init__(self) -> None:
        self.usual_seconds = 0.0
        self.deviation_seconds = 0.0
        self.answers = 0
        self.limit_seconds = NEVER
        """Longer than this is late. Infinite while that is not known."""
        self.waiting: dict[Ticket, None] = {}
        """Those begun since the last first byte, the oldest first; they leave when they end."""

    def learn(self, waited_seconds: float) -> None:
        """A first byte came after so long."""
        gain = GAIN if self.answers >= 1 / GAIN else 1 / (self.answers + 1)
        if waited_seconds > self.limit_seconds:
            waited_seconds, gain = self.limit_seconds, GAIN_OF_LATE
        error = waited_seconds - self.usual_seconds
        self.usual_seconds += gain * error
        if self.answers:  # the first answer has nothing to deviate from
            self.deviation_seconds += gain * ((error if error > 0 else -error) - self.deviation_seconds)
        self.answers += 1
        if self.answers >= KNOWN_AFTER_ANSWERS:
            late_seconds = 6 * self.usual_seconds + 4 * self.deviation_seconds
            self.limit_seconds = late_seconds if late_seconds > LEAST_LATE_SECONDS else LEAST_LATE_SECONDS

    def stalls_at(self) -> float:
        """When those who wait now will prove a stall, if no first byte comes before; infinite while too few do."""
        if len(self.waiting) < LATE_TOGETHER:
            return NEVER
        third = next(islice(self.waiting, LATE_TOGETHER - 1, None))
        return third.begun + self.limit_seconds
