"""Where somebody is not well: how an upstream stands for one request, seen among all who could take it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from routing import conditions
from routing.health import HealthBook, Standing, readmitted
from routing.reach import Reached


class CloserLook(msgspec.Struct, kw_only=True):
    """Of one request. Made only when it is needed."""

    health: HealthBook
    everybody: Sequence[Reached]
    """All who stand behind its route and can take it."""
    called_back: set[str] | None = None
    """Upstream keys that are out and asked all the same; found once."""

    @property
    def is_lone(self) -> bool:
        """Whether nobody but one upstream can take the request."""
        return len(self.everybody) <= 1

    def standing(self, key: str, now: float, failed: Sequence[str]) -> Standing:
        """`failed`: the conditions of those that have failed so far."""
        standing = self.health.of(key).standing(now, self.is_lone)
        if standing.ok or self.is_lone or key not in self._called_back(now, failed):
            return standing
        return Standing(reason=f"{standing.reason}; asked all the same, as nobody better is left")

    def _called_back(self, now: float, failed: Sequence[str]) -> set[str]:
        """Those whose weight may not be missed: judged over the whole alias."""
        if self.called_back is None:
            standings = [self.health.of(one.upstream.key).standing(now) for one in self.everybody]
            out = [str(each.condition) for each in standings if not each.ok and each.condition]
            among = [
                (one, standing)
                for one, standing in zip(self.everybody, standings, strict=True)
                if conditions.holds(one.conditions, [*out, *failed])
            ]
            places = readmitted([standing for _, standing in among], [one.weight for one, _ in among])
            self.called_back = {among[place][0].upstream.key for place in places}
        return self.called_back
