"""Somebody at the browser: what a person does with the mouse and the keyboard, in their words."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.watch import Watch

WAIT_MS = 60_000
"""What comes, comes in a second; on a machine that does much else it may take many."""
expect.set_options(timeout=WAIT_MS)


class Person:
    """At a page of the site at `url`. `pages` are the sources of all pages seen so far."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.pages: list[str] = []

    # Getting about

    def logs_in(self, name: str, password: str) -> None:
        self.goes_to("/admin/")
        self.types("Username", name)
        self.types("Password", password)
        self.submits(self.page.get_by_role("button", name="Log in"))
        expect(self.page).to_have_url(f"{self.url}/admin/")

    def goes_to(self, path: str) -> None:
        self.page.goto(self.url + path)
        self._looks()

    def opens(self, link: str) -> None:
        """By the sidebar."""
        with self.page.expect_navigation():
            self.page.locator("#nav-sidebar a").filter(has=self.page.get_by_text(link, exact=True)).click()
        self._looks()

    def follows(self, link: Locator) -> None:
        with self.page.expect_navigation():
            link.click()
        self._looks()

    def adds(self) -> None:
        """By the plus at the top of a list."""
        self.follows(self.page.locator("a[href*='/add/']").first)

    def submits(self, button: Locator) -> None:
        with self.page.expect_navigation():
            button.click()
        self._looks()

    def saves(self) -> None:
        self.submits(self.page.locator("[name=_save]"))

    def saves_and_goes_on(self) -> None:
        self.submits(self.page.locator("[name=_continue]"))

    def reloads_until_seen(self, what: Locator) -> None:
        until = time.monotonic() + WAIT_MS / 1000
        while not what.is_visible() and time.monotonic() < until:
            self.page.reload()
        self._looks()
        expect(what).to_be_visible()

    def _looks(self) -> None:
        self.pages.append(self.page.content())

    # Filling in

    def types(self, label: str, text: str) -> None:
        self.page.get_by_label(re.compile(rf"^\s*{label}\W*$")).fill(text)

    def chooses(self, field: str, label: str) -> None:
        """In a plain select. `field`: its name."""
        self.page.select_option(f"[name={field}]", label=label)

    def finds(self, field: str, text: str) -> None:
        """In a select that searches as one types: the only match. `field`: its name."""
        self.page.locator(f".select2-selection[aria-labelledby*='id_{field}-container']").click()
        self.page.locator(".select2-container--open .select2-search__field").fill(text)
        self.page.get_by_role("option", name=text, exact=True).click()

    def types_into_row(self, field: str, text: str) -> None:
        """Into a field of an inline row. `field`: its name, `targets-0-weight`."""
        self.page.fill(f"[name={field}]", text)

    def adds_row(self, kind: str) -> None:
        """“Add another Target” under the rows."""
        self.page.get_by_role("link", name=f"Add another {kind}", exact=False).click()

    def drags(self, what: Locator, above: Locator) -> None:
        """With the mouse, in small steps, as a hand does."""
        # Clear of the bar with the buttons, which lies over the end of a page.
        what.evaluate("element => element.scrollIntoView({block: 'center'})")
        start, end = what.bounding_box(), above.bounding_box()
        assert start is not None
        assert end is not None
        mouse = self.page.mouse
        mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        mouse.down()
        mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=15)
        mouse.move(end["x"] + end["width"] / 2, end["y"] + 2, steps=5)
        mouse.up()

    # Looking

    def sees(self, text: str) -> None:
        expect(self.page.locator("body")).to_contain_text(text)

    def sees_error(self, beside: Locator, text: str) -> None:
        """A sentence in red within the row or cell of a field."""
        error = beside.locator(".text-red-600", has_text=text)
        expect(error).to_be_visible()


@contextmanager
def at_the_browser(browser: Browser, url: str) -> Iterator[Person]:
    """A person with a browser of their own. Fails when a page had troubles: see tests/browser/watch.py."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    watch = Watch(page)
    try:
        yield Person(page, url)
    finally:
        context.close()
    assert not watch.troubles, "\n".join(watch.troubles)
