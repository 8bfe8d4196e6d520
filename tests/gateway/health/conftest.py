"""A Valkey of these tests' own, which they may freeze."""

import pytest

from tests.throwaway_servers import NoServer, Server, valkey


@pytest.fixture(scope="module")
def server() -> Server:
    """It stands until the run ends."""
    try:
        return valkey()
    except NoServer as reason:
        # Its wheel is for Linux and macOS; the real half, which needs one as well, does not start without.
        pytest.skip(f"Needs a Valkey: {reason}")
