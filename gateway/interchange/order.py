"""Where the targets of an alias stand, after a file gave them an order."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol


class Placed(Protocol):
    """A target that may be stored already."""

    @property
    def pk(self) -> int | None:
        """None when it is new."""

    @property
    def tier(self) -> int: ...

    @property
    def position(self) -> int: ...


def places_in_order(targets: Sequence[Placed], tiers: Sequence[int]) -> list[int]:
    """The position of each target of an alias, given in the order of the file; `tiers` is the tier each is to stand in.

    A tier that stands in this order already keeps its positions, so that an export comes back as no change.
    """
    by_tier = defaultdict(list)
    for target, tier in zip(targets, tiers, strict=True):
        by_tier[tier].append(target)
    kept = {tier for tier, members in by_tier.items() if _stand_in_order(members, tier)}
    return [
        target.position if tier in kept else place
        for place, (target, tier) in enumerate(zip(targets, tiers, strict=True))
    ]


def _stand_in_order(targets: Sequence[Placed], tier: int) -> bool:
    places = [(target.position, target.pk) for target in targets if target.pk is not None and target.tier == tier]
    return len(places) == len(targets) and places == sorted(places)
