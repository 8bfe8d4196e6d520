"""Ids that sort by time: UUID version 7, whose first 48 bits are milliseconds since the epoch (RFC 9562, section 5.7)."""

from datetime import datetime
from uuid import UUID


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of this millisecond: ids from here on are of this moment or later."""
    milliseconds = max(0, min(int(moment.timestamp() * 1000), (1 << 48) - 1))
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)
