import random
from uuid import UUID

from gateway.ids import RANDOM_BITS, new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = UUID(new_id(1_760_000_000.123, random.Random(1).getrandbits(RANDOM_BITS)))

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1_760_000_000_123


def test_all_random_bits_are_kept() -> None:
    ids = {UUID(new_id(0, 1 << bit)).int for bit in range(RANDOM_BITS)}

    assert len(ids) == RANDOM_BITS
    assert UUID(new_id(0, (1 << RANDOM_BITS) - 1)).version == 7


def test_later_ids_sort_after_earlier_ones() -> None:
    most = (1 << RANDOM_BITS) - 1

    assert new_id(1_760_000_000.001, most) < new_id(1_760_000_000.002, 0)
