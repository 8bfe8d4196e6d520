"""What every journey shares."""

import pytest
from pytest_django import Settings

from tests.gateways import RunningGateway


@pytest.fixture(autouse=True)
def quick_history(settings: Settings) -> None:
    """History is written nearly at once, so that a test need not wait for it."""
    settings.PLEXUS_HISTORY_FLUSH_SECONDS = 0.01


@pytest.fixture
def fast(gateway: RunningGateway) -> RunningGateway:
    """A gateway with an alias “fast”."""
    gateway.alias("fast", gateway.model("openai", "gpt-4o-mini"))
    return gateway
