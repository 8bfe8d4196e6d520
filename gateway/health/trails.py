"""How many answers and failures each upstream had lately, in spans of ten seconds: the small charts of the health page.

Health counts since the start; the difference between two looks is what happened between them. Nothing is added to a request.
"""

from collections import deque
from collections.abc import Container, Iterable

from gateway.health.letters import Trail
from routing.health import Health

SPAN_SECONDS = 10
SPANS = 30
"""Five minutes."""
NOTHING = (0, 0)


class Trails:
    """Of the upstreams of one process, by key. Look at them every second or so, at some at a time."""

    def __init__(self) -> None:
        self._span = 0
        self._spans: dict[str, deque[tuple[int, int, int]]] = {}
        """Span, good, bad; without those in which nothing happened."""
        self._counted: dict[str, tuple[int, int]] = {}
        """Of those that were ever asked."""

    def look(self, healths: Iterable[Health], epoch: float) -> None:
        """Count what has happened to these since the last look into the span of `epoch`, seconds since 1970."""
        self._span = int(epoch // SPAN_SECONDS)
        for health in healths:
            key, now = health.key, (health.vitals.good, health.vitals.bad)
            before = self._counted.get(key, NOTHING)
            if now != before:
                self._counted[key] = now
                self._add(key, now[0] - before[0], now[1] - before[1])
            elif key in self._spans and self._is_over(self._spans[key]):
                del self._spans[key]

    def keep_only(self, upstream_keys: Container[str]) -> None:
        """Forget the others."""
        for key in [key for key in self._counted if key not in upstream_keys]:
            del self._counted[key]
            self._spans.pop(key, None)

    def of(self, upstream_key: str) -> Trail:
        spans = self._spans.get(upstream_key)
        if not spans:
            return Trail()
        by_span = {span: (good, bad) for span, good, bad in spans}
        first = self._span - SPANS + 1
        counts = [by_span.get(span, (0, 0)) for span in range(first, self._span + 1)]
        return Trail(first=first, good=tuple(good for good, _ in counts), bad=tuple(bad for _, bad in counts))

    def _add(self, key: str, good: int, bad: int) -> None:
        # Fewer than before: it was forgotten in between, and made anew.
        good, bad = max(good, 0), max(bad, 0)
        spans = self._spans.setdefault(key, deque(maxlen=SPANS))
        if spans and spans[-1][0] == self._span:
            _, good_before, bad_before = spans.pop()
            good, bad = good + good_before, bad + bad_before
        spans.append((self._span, good, bad))

    def _is_over(self, spans: deque[tuple[int, int, int]]) -> bool:
        return spans[-1][0] <= self._span - SPANS


def laid_together(trails: Iterable[Trail]) -> Trail:
    """The sums of several, over the spans of the one that ends last; clocks of machines may differ by a span."""
    known = [trail for trail in trails if trail.good]
    if not known:
        return Trail()
    first = max(trail.first for trail in known)
    good, bad = [0] * SPANS, [0] * SPANS
    for trail in known:
        for place, (well, failed) in enumerate(zip(trail.good, trail.bad, strict=True), start=trail.first - first):
            if 0 <= place < SPANS:
                good[place] += well
                bad[place] += failed
    return Trail(first=first, good=tuple(good), bad=tuple(bad))
