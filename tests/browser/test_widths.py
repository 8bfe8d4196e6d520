"""What has to fit into a window."""

import pytest
from playwright.sync_api import expect

from routing.models import Alias
from tests.browser.person import Person
from tests.gateways import RunningGateway

WIDTHS = (1280, 1400, 1440, 1600, 1920)
"""One browser looks at all: it takes longer to start, and to log in, than to look."""


@pytest.fixture
def alias(gateway: RunningGateway) -> Alias:
    return gateway.alias("fast", gateway.model("acme", "a-model-with-a-very-long-name-indeed"))


@pytest.fixture
def operator(alias: Alias, operator: Person) -> Person:
    """Who comes when everything is there."""
    return operator


def test_a_target_fits_with_its_bin_and_nothing_scrolls_sideways_at_any_width(operator: Person, alias: Alias) -> None:
    assert [width for width in WIDTHS if not fits(operator, alias, width)] == []


def fits(operator: Person, alias: Alias, width: int) -> bool:
    """Whether the bin at the end of a target's row is seen in a window of this width, within the frame of the rows."""
    operator.page.set_viewport_size({"width": width, "height": 900})
    operator.goes_to(f"/admin/routing/alias/{alias.pk}/change/")
    row = operator.page.locator("#targets-group tr").filter(has=operator.page.locator(".field-model")).first
    expect(row.locator("td.delete")).to_be_visible()
    box = row.locator("td.delete").bounding_box()
    frame = operator.page.locator("#targets-group").bounding_box()
    assert box is not None
    assert frame is not None
    return box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
