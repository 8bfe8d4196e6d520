import pytest
from pytest_django import Settings

from gateway.management.admin_address import refusal_at


@pytest.mark.parametrize("url", ["http://127.0.0.1:4000", "http://[::1]:4000", "http://localhost:4000"])
def test_nothing_is_said_of_a_listed_host(url: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

    assert refusal_at(url) is None


@pytest.mark.parametrize(("url", "host"), [("http://127.0.0.1:4000", "127.0.0.1"), ("http://[::1]:4000", "[::1]")])
def test_a_host_that_is_not_listed_is_said_with_those_that_are(url: str, host: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["plexus.example.com"]

    assert refusal_at(url) == (
        f"The admin does not open under {host}: PLEXUS_ALLOWED_HOSTS lists plexus.example.com. Add {host} to open it there."
    )
