"""A page that was refused, as to somebody who may not see it: one line to the log. A traceback is for what broke in here."""

import logging


class NoTraceback(logging.Filter):
    """Takes the traceback from every answer of Django's that is the caller's doing: 4xx. Those of 5xx keep theirs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True
