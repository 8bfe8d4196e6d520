"""Numbers as a reader of the admin sees them; a dash where there is none."""

from decimal import Decimal

NONE = "–"


def shown_duration(milliseconds: float | None) -> str:
    """`340 ms`, `1.24 s`, `3 min 5 s`."""
    if milliseconds is None:
        return NONE
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1_000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 100_000:
        return f"{milliseconds / 1_000:.3g} s"
    minutes, seconds = divmod(round(milliseconds / 1_000), 60)
    return f"{minutes} min {seconds} s"


def shown_usd(dollars: Decimal | float | None) -> str:
    """`$12.34`; below a cent with three digits that say something: `$0.000128`."""
    if dollars is None:
        return NONE
    dollars = Decimal(dollars)
    if dollars == 0 or abs(dollars) >= Decimal("0.1"):
        return f"${dollars:,.2f}"
    digits = 2 - dollars.adjusted()  # counted so that three digits other than zero remain
    return f"${dollars:.{min(digits, 12)}f}"


def shown_count(number: float | None) -> str:
    """`950`, `12,345`, `1.28 M`, `3.4 G`."""
    if number is None:
        return NONE
    for unit, size in (("G", 1e9), ("M", 1e6)):
        if abs(number) >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:,.0f}"


def shown_share(share: float | None) -> str:
    """0.0123 as `1.2 %`; none as a dash."""
    if share is None:
        return NONE
    if 0 < share < 0.001:
        return "< 0.1 %"
    return "100 %" if share == 1 else f"{share * 100:.1f} %"


def shown_bytes(number: int) -> str:
    """`512 B`, `12.3 kB`, `4.5 MB`."""
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} B"
