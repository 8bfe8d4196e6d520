"""The system's own Chromium, driven by Playwright, which sees nothing but loopback."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_ONE = "No Chromium on PATH: install one (Debian: apt install chromium) to run the browser tests."

START_MS = 180_000

QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Whatever a page asks of another host fails, and fails the test.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def path_to_chromium() -> str | None:
    """Where a browser is, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A browser at work.

    As long as it is, this thread counts as one with a running event loop, and Django refuses to let it read the database.
    """
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *as_root], timeout=START_MS)
        try:
            yield browser
        finally:
            browser.close()
