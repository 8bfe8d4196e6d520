"""When a document that is to be the whole truth takes so much away that it may be the wrong one: an empty one, one cut short.

That is no mistake which a rule could find, so every door asks whether it is meant: `?force=1`, `--force`, a box to tick.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from gateway.interchange.difference import Change, Deed, counted

COUNTED = ("provider", "model", "alias", "pattern", "route")
"""What has a name of its own. Addresses, targets and synonyms go and come with these."""
A_FEW = 4
"""So many may go without being asked for, whatever share they are, unless they are all."""


def lost(changes: Sequence[Change]) -> list[Change]:
    """What is deleted for good: not what is deleted to be made anew."""
    made = {str(change) for change in changes if change.deed is Deed.CREATED}
    return [one for one in changes if one.deed is Deed.DELETED and one.kind in COUNTED and str(one) not in made]


def great_loss(changes: Sequence[Change], before: Mapping[str, int]) -> str:
    """One sentence on what is deleted, where it is all that there was, or more than half of it and more than a few; else "".

    `before`: kind -> how many there were.
    """
    deleted, there = Counter(change.kind for change in lost(changes)), sum(before.values())
    total = deleted.total()
    is_great = total > 0 and (total >= there or (total > A_FEW and total * 2 > there))
    if not is_great:
        return ""
    what = "everything that is configured" if total >= there else f"{total} of {there} objects that are configured"
    return f"It deletes {what}: {', '.join(counted(deleted[kind], kind) for kind in COUNTED if deleted[kind])}."
