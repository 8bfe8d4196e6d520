"""What the tests of routing share."""

from collections.abc import Iterator

import pytest

from tests.gateways import forget_configuration


@pytest.fixture
def fresh_start(transactional_db: None) -> Iterator[None]:
    """This process knows no table and no keys, as after its start on an empty database."""
    forget_configuration()
    yield
    forget_configuration()
