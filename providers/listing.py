"""Names in a sentence."""

from collections.abc import Sequence


def shortened(names: Sequence[str], limit: int = 3) -> str:
    """“fast, smart, cheap +2”"""
    more = f" +{len(names) - limit}" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
