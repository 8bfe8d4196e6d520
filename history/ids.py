"""Request ids: UUID version 7, so that sorting by id sorts by time, in the database's own UUID type.

Layout: 48 bits of milliseconds since the epoch, version, 74 random bits. Source: RFC 9562, section 5.7.
"""

from datetime import datetime
from uuid import UUID

RANDOM_BITS = 74


def new_id(epoch_seconds: float, random_bits: int) -> str:
    """The id of a request that began at `epoch_seconds`. `random_bits`: 74 of them."""
    milliseconds = int(epoch_seconds * 1000) & 0xFFFF_FFFF_FFFF
    high, low = random_bits >> 62 & 0xFFF, random_bits & 0x3FFF_FFFF_FFFF_FFFF
    # As str(UUID(int=…)) writes it, at a third of the cost.
    time, rest = f"{milliseconds:012x}", f"{0b10 << 62 | low:016x}"
    return f"{time[:8]}-{time[8:]}-7{high:03x}-{rest[:4]}-{rest[4:]}"


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of this millisecond: ids from here on are of this moment or later."""
    milliseconds = max(0, min(int(moment.timestamp() * 1000), (1 << 48) - 1))
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)
