import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from history.ids import RANDOM_BITS, first_id_at, new_id

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_first_id_of_a_moment_is_a_uuid_of_version_7() -> None:
    first = first_id_at(NOON)

    assert first.version == 7
    assert first.variant == "specified in RFC 4122"


def test_a_later_moment_has_a_larger_id() -> None:
    assert first_id_at(NOON) < first_id_at(NOON + timedelta(milliseconds=1))


def test_the_milliseconds_stand_in_its_first_48_bits() -> None:
    assert first_id_at(NOON).int >> 80 == int(NOON.timestamp() * 1000)


def test_moments_before_the_epoch_come_before_every_id() -> None:
    assert first_id_at(datetime(1969, 1, 1, tzinfo=UTC)) < first_id_at(NOON)


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


def test_ids_of_one_millisecond_sort_by_its_fraction() -> None:
    most = (1 << RANDOM_BITS) - 1

    ids = [new_id(1_760_000_000.0001 + microseconds / 1e6, most - microseconds) for microseconds in range(0, 800, 10)]

    assert ids == sorted(ids)
    assert len({id[:13] for id in ids}) == 1


def test_the_first_id_of_a_moment_is_not_after_any_of_that_moment() -> None:
    moments = [NOON + timedelta(milliseconds=number) for number in range(1000)]

    assert all(str(first_id_at(moment)) <= new_id(moment.timestamp(), 0) for moment in moments)
