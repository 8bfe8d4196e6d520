"""Whether the database gave up a change because others were at work for longer than we wait. Then nothing of it was saved.

    PostgreSQL   55P03 lock_not_available, 40P01 deadlock_detected (which only SQL from outside can bring about)
    SQLite       5 SQLITE_BUSY, 6 SQLITE_LOCKED, and what further says of them in the higher bits

Sources: PostgreSQL, appendix A "Error Codes"; https://www.sqlite.org/rescode.html
"""

from typing import Final

STATES: Final = {"55P03", "40P01"}
SQLITE_CODES: Final = {5, 6}


def waited_in_vain(failure: BaseException) -> bool:
    """`failure`: Django's, which was raised from the driver's."""
    told = failure.__cause__
    if getattr(told, "sqlstate", None) in STATES:
        return True
    return getattr(told, "sqlite_errorcode", 0) & 0xFF in SQLITE_CODES
