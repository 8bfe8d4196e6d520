"""A picture to take: which page, who looks at it, and what is done on it first."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import Page

Prepare = Callable[[Page], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One page: where it is, and what is done on it before the picture is taken."""

    name: str
    address: str
    prepare: Prepare = lambda page: None
    status: int = 200
    """What it is answered with; anything else is a trouble."""

    def troubles_among(self, troubles: list[str]) -> list[str]:
        """Those that are none of its own doing: a browser complains of a page that is refused, too."""
        if self.status == 200:
            return troubles
        if not any(trouble.endswith(f" answered {self.status}") for trouble in troubles):
            return [*troubles, f"{self.name} was not answered with {self.status}"]
        return [trouble for trouble in troubles if f"{self.status}" not in trouble]


def change(row: Model) -> str:
    return page_of(row, "change")


def page_of(row: Model, page: str) -> str:
    """The address of one of its pages: `change`, `delete`, `history`."""
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_{page}", args=[row.pk])


def submit(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.click(button)
