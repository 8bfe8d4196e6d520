"""Times in the admin: a cell whose heading says UTC, and a whole one for a sentence. Their forms: plexus_site/formats."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.html import format_html

NEVER = "–"


def told_moment(moment: datetime) -> str:
    """`2026-11-20 14:15:32 UTC`."""
    return date_format(moment, "DATETIME_FORMAT")


def shown_moment(moment: datetime | None, *, to_milliseconds: bool = False) -> str:
    """`2026-11-20 14:15:32` as an element that says its zone to whoever points at it; a dash for none."""
    if moment is None:
        return NEVER
    text = date_format(moment, "SHORT_DATETIME_FORMAT")
    return _element(moment, f"{text}.{moment.microsecond // 1000:03}" if to_milliseconds else text)


def shown_day(moment: datetime) -> str:
    """`2026-11-20`; the time for whoever points at it."""
    return _element(moment, date_format(moment, "SHORT_DATE_FORMAT"))


def _element(moment: datetime, text: str) -> str:
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), told_moment(moment), text)
