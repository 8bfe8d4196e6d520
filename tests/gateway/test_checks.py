"""The system checks of client keys, and of variables that look like settings."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from gateway.checks import check_client_keys, check_variables
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


def test_a_variable_that_is_no_setting_is_named_with_the_one_that_is_meant() -> None:
    with override_settings(UNKNOWN_VARIABLES={"PLEXUS_LOG_LEVLE": "PLEXUS_LOG_LEVEL", "PLEXUS_COLOUR": ""}):
        warnings = list(check_variables(None))

    assert [warning.msg for warning in warnings] == [
        "PLEXUS_LOG_LEVLE is no setting; did you mean PLEXUS_LOG_LEVEL?",
        "PLEXUS_COLOUR is no setting.",
    ]
    assert {warning.id for warning in warnings} == {"gateway.W003"}


def test_the_environment_of_this_run_is_fine() -> None:
    assert list(check_variables(None)) == []
