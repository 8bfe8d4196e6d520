"""ISO 8601's date and time, which nobody reads as another day. Django's own would be “Nov. 20, 2026, 2:15 p.m.”.

Everything that pages show is written by these: Django's fields by themselves, cells by providers/admin/moments.py, templates
by `|date:"DATETIME_FORMAT"`.
"""

DATE_FORMAT = SHORT_DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i:s"
SHORT_DATETIME_FORMAT = f"{DATE_FORMAT} {TIME_FORMAT}"
"""Where the page says which zone: in the head of a column, beside a label."""
DATETIME_FORMAT = f"{SHORT_DATETIME_FORMAT} T"
"""Where a time stands by itself."""
