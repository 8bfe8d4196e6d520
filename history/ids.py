"""Request ids: UUID version 7, so that sorting by id sorts by time, in the database's own UUID type.

Layout: 48 bits of milliseconds since the epoch, version, 12 bits of the millisecond's fraction, variant, 62 random bits. So two
requests of one millisecond are in order, too. Source: RFC 9562, section 5.7, and 6.2, method 3.
"""

from datetime import datetime
from uuid import UUID

RANDOM_BITS = 62
TICKS_PER_SECOND = 4_096_000


def new_id(epoch_seconds: float, random_bits: int) -> str:
    """The id of a request that began at `epoch_seconds`. `random_bits`: 62 of them."""
    ticks = int(epoch_seconds * TICKS_PER_SECOND)
    # As str(UUID(int=…)) writes it, at a third of the cost.
    time, rest = f"{ticks >> 12 & 0xFFFF_FFFF_FFFF:012x}", f"{0b10 << 62 | random_bits:016x}"
    return f"{time[:8]}-{time[8:]}-7{ticks & 0xFFF:03x}-{rest[:4]}-{rest[4:]}"


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of this millisecond: ids from here on are of this moment or later."""
    milliseconds = max(0, min(int(moment.timestamp() * TICKS_PER_SECOND) >> 12, (1 << 48) - 1))
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)
