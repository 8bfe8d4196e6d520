"""Fixtures of the browser tests: a person at a real browser, before the pages of a running gateway."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User
from playwright.sync_api import Browser

from tests.browser.chromium import HOW_TO_GET_ONE, chromium, path_to_chromium
from tests.browser.person import Person, at_the_browser
from tests.gateways import RunningGateway

PASSWORD = "correct horse battery staple"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(
                pytest.mark.halves("real")
            )  # a browser sees no database, and the embedded half is the longer one


@pytest.fixture(scope="session", autouse=True)
def path_of_browser() -> str:
    """Skips every browser test where there is none, before a gateway is started for it."""
    path = path_to_chromium()
    if path is None:
        pytest.skip(HOW_TO_GET_ONE)
    return path


@pytest.fixture
def browser(path_of_browser: str, people: None) -> Iterator[Browser]:
    """Chromium. Rows are made before it starts: see tests/browser/chromium.py."""
    with chromium(path_of_browser) as running:
        yield running


@pytest.fixture
def people(gateway: RunningGateway) -> None:
    """An operator who may do everything, and a reader who may look at everything."""
    User.objects.create_superuser("operator", password=PASSWORD)
    reader = User.objects.create_user("reader", password=PASSWORD, is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))


@pytest.fixture
def operator(browser: Browser, gateway: RunningGateway) -> Iterator[Person]:
    """Who has logged in and may do everything."""
    with at_the_browser(browser, gateway.url) as person:
        person.logs_in("operator", PASSWORD)
        yield person


@pytest.fixture
def reader(browser: Browser, gateway: RunningGateway) -> Iterator[Person]:
    """Who has logged in and may look at everything."""
    with at_the_browser(browser, gateway.url) as person:
        person.logs_in("reader", PASSWORD)
        yield person
