"""How an upstream does: time to the first byte, tokens per second, share of successes, use of the last minute.

Means decay with time, not with the number of samples: after 60 s a sample counts half, whatever the traffic. Only
answers that ended well are samples of time: a failure is no sample, so that failing fast never looks fast.
"""

from routing.health.first_bytes import FirstBytes
from routing.health.window import Window

HALF_LIFE_SECONDS = 60.0
USE_SECONDS = 60.0


class Mean:
    """Sum over sum, both with the same half-life."""

    __slots__ = ("at", "total", "weight")

    def __init__(self) -> None:
        self.at = 0.0
        self.total = 0.0
        self.weight = 0.0

    def add(self, now: float, total: float, weight: float) -> None:
        kept = 0.5 ** ((now - self.at) / HALF_LIFE_SECONDS)
        self.at = now
        self.total = self.total * kept + total
        self.weight = self.weight * kept + weight

    @property
    def value(self) -> float | None:
        return self.total / self.weight if self.weight > 0 else None

    def weight_at(self, now: float) -> float:
        """How much is known still, in units of a fresh sample."""
        return float(self.weight * 0.5 ** ((now - self.at) / HALF_LIFE_SECONDS))


class VitalSigns:
    """Of one upstream, as this process has seen it."""

    __slots__ = (
        *("_streams_first_bytes", "_wholes_first_bytes", "bad", "good", "outcomes", "speed", "streams_first_byte_ms"),
        *("use", "wholes_first_byte_ms"),
    )

    def __init__(self) -> None:
        self.streams_first_byte_ms = Mean()
        self.wholes_first_byte_ms = Mean()
        """Of whole answers, which send their first byte when they are nearly done: not to be mixed with streams."""
        self.speed = Mean()
        """Output tokens over seconds from the begin to the end: a burst after a long silence is not fast."""
        self.outcomes = Mean()
        """1 for each success, 0 for each failure."""
        self.good = self.bad = 0
        """Answers and failures since the start."""
        self.use = Window(USE_SECONDS, 12)
        """Events are requests begun, the amount is tokens, of input and of output."""
        # Kept from when somebody first asks for a percentile: nobody else need pay for it.
        self._streams_first_bytes: FirstBytes | None = None
        self._wholes_first_bytes: FirstBytes | None = None

    def succeeded(
        self, now: float, begun: float, first_byte_at: float | None, tokens: int, read_tokens: int, streams: bool
    ) -> None:
        """`tokens` of output; 0 of either kind when nobody knows."""
        if first_byte_at is not None:
            mean = self.streams_first_byte_ms if streams else self.wholes_first_byte_ms
            mean.add(now, (first_byte_at - begun) * 1000, 1)
            first_bytes = self._streams_first_bytes if streams else self._wholes_first_bytes
            if first_bytes is not None:
                first_bytes.add(now, first_byte_at - begun)
        self.outcomes.add(now, 1, 1)
        self.good += 1
        if tokens or read_tokens:
            self.use.add(now, 0, tokens + read_tokens)
        if tokens:
            self.speed.add(now, tokens, now - begun)

    def failed(self, now: float) -> None:
        self.outcomes.add(now, 0, 1)
        self.bad += 1

    def lost(self, now: float, waited_seconds: float, streams: bool) -> None:
        """It was given up for a quicker one. Left out, the slowest would not count, and what is usual would look quicker and quicker."""
        first_bytes = self._streams_first_bytes if streams else self._wholes_first_bytes
        if first_bytes is not None:
            first_bytes.add(now, waited_seconds)

    def first_byte_percentile(self, percent: float, now: float, *, streams: bool) -> float | None:
        """In seconds; None while too little is known, as it is when this is first asked."""
        first_bytes = self._streams_first_bytes if streams else self._wholes_first_bytes
        if first_bytes is not None:
            return first_bytes.percentile(percent, now)
        if streams:
            self._streams_first_bytes = FirstBytes()
        else:
            self._wholes_first_bytes = FirstBytes()
        return None

    @property
    def first_byte_ms(self) -> float | None:
        """Of streams; of whole answers where nobody asks for streams."""
        streams = self.streams_first_byte_ms.value
        return self.wholes_first_byte_ms.value if streams is None else streams

    def samples(self, now: float) -> float:
        """How many answers the times rest on, older ones counting less."""
        return self.streams_first_byte_ms.weight_at(now) + self.wholes_first_byte_ms.weight_at(now)
