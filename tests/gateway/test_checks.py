"""The system checks of client keys."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gateway.checks import check_client_keys
from gateway.models import ClientKey

pytestmark = pytest.mark.django_db


def a_key(**fields: Any) -> None:
    key = ClientKey(name="a key", **fields)
    key.make()
    key.save()


def ids() -> list[str | None]:
    return [warning.id for warning in check_client_keys(None)]


def test_a_valid_key_is_fine() -> None:
    a_key()

    assert ids() == []


@pytest.mark.parametrize("fields", [{"enabled": False}, {"expires_at": timezone.now() - timedelta(days=1)}])
def test_no_valid_key_is_warned_of(fields: dict[str, Any]) -> None:
    a_key(**fields)

    assert ids() == ["gateway.W001"]


def test_a_key_that_may_use_nothing_is_warned_of() -> None:
    a_key(access=ClientKey.Access.LISTED)

    assert ids() == ["gateway.W002"]
