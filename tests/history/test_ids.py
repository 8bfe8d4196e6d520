from datetime import UTC, datetime, timedelta

from history.ids import first_id_at

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_it_is_a_uuid_of_version_7() -> None:
    first = first_id_at(NOON)

    assert first.version == 7
    assert first.variant == "specified in RFC 4122"


def test_a_later_moment_has_a_larger_id() -> None:
    assert first_id_at(NOON) < first_id_at(NOON + timedelta(milliseconds=1))


def test_the_milliseconds_stand_in_its_first_48_bits() -> None:
    assert first_id_at(NOON).int >> 80 == int(NOON.timestamp() * 1000)


def test_moments_before_the_epoch_come_before_every_id() -> None:
    assert first_id_at(datetime(1969, 1, 1, tzinfo=UTC)) < first_id_at(NOON)
