"""`python -m tests.browser.take_screenshots OUTDIR`: every page of the admin, light and dark, wide and narrow.

On a database of its own, empty for the first pictures and then furnished with a month of made-up use.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import django

from tests import services

os.environ["DJANGO_SETTINGS_MODULE"] = "plexus_site.settings"
os.environ["PLEXUS_PRIVATE_UPSTREAMS"] = "127.0.0.0/8"
for provider in ("OPENAI", "ANTHROPIC", "MISTRAL", "DEEPSEEK"):  # not Groq: a page says so
    os.environ[f"{provider}_API_KEY"] = "a made-up key"
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django must have read its settings first
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from playwright.sync_api import Browser, Page  # noqa: E402

from gateway.models import ClientKey  # noqa: E402
from history.models import RequestLog  # noqa: E402
from providers.models import Provider, ProviderModel  # noqa: E402
from routing.models import Alias  # noqa: E402
from tests.browser.chromium import HOW_TO_GET_ONE, chromium, path_to_chromium  # noqa: E402
from tests.browser.furnished import OPERATOR, PASSWORD, furnish  # noqa: E402
from tests.browser.traffic import write_traffic  # noqa: E402
from tests.browser.watch import Watch  # noqa: E402
from tests.faulty_upstream import FaultyUpstream  # noqa: E402
from tests.gateways import serving  # noqa: E402

ROWS = 6_000
WIDTHS = {1440: 900, 390: 844}
"""Width -> height of the window; a picture is as long as its page."""
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
Prepare = Callable[[Page], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One page: where it is, and what is done on it before the picture is taken."""

    name: str
    address: str
    prepare: Prepare = lambda page: None


def main(folder: Path) -> int:
    """Take all pictures into `folder`. 1 when a page complained."""
    path = path_to_chromium()
    if path is None:
        sys.exit(HOW_TO_GET_ONE)
    folder.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("first", password=PASSWORD)
    troubles: list[str] = []
    with FaultyUpstream() as upstream, serving() as url:
        with chromium(path) as browser:
            troubles += take(browser, url, folder, "first", [Shot(name="dashboard-empty", address=reverse("admin:index"))])
        furnish(upstream.url)
        write_traffic(ROWS, until=timezone.now())
        shots = shots_of_a_furnished_site()
        with chromium(path) as browser:
            troubles += take_login(browser, url, folder)
            troubles += take(browser, url, folder, OPERATOR, shots)
    for trouble in dict.fromkeys(troubles):
        print(trouble, file=sys.stderr)  # noqa: T201 - a command's own words
    return 1 if troubles else 0


def shots_of_a_furnished_site() -> list[Shot]:
    """Every page that an operator meets."""
    handed_over = RequestLog.objects.filter(attempt_count=2).latest("id")
    refused = RequestLog.objects.filter(status=404).latest("id")
    openai, fast, smart = Provider.objects.get(name="openai"), Alias.objects.get(name="fast"), Alias.objects.get(name="smart")
    local = Alias.objects.get(name="local")
    model, key = ProviderModel.objects.filter(name="gpt-4o-mini").get(), ClientKey.objects.get(name="search index")
    operator = User.objects.get(username=OPERATOR)
    return [
        *(Shot(name=f"dashboard-{period}", address=f"{reverse('admin:index')}?period={period}") for period in ("24h", "7d", "30d")),
        *lists(),
        Shot(name="provider-form", address=change(openai)),
        Shot(name="provider-form-errors", address=reverse("admin:providers_provider_add"), prepare=spoil_provider),
        Shot(name="model-form", address=change(model)),
        Shot(name="alias-form", address=change(fast)),
        Shot(name="alias-form-in-order", address=change(smart)),
        Shot(name="alias-form-add", address=reverse("admin:routing_alias_add")),
        Shot(name="alias-form-errors", address=change(fast), prepare=spoil_alias),
        Shot(name="alias-delete", address=reverse("admin:routing_alias_delete", args=[fast.pk])),
        Shot(name="test-route", address=reverse("admin:routing_alias_test_route", args=[fast.pk])),
        Shot(name="test-route-sent", address=reverse("admin:routing_alias_test_route", args=[local.pk]), prepare=send),
        Shot(name="key-form", address=change(key)),
        Shot(name="key-add", address=reverse("admin:gateway_clientkey_add")),
        Shot(name="key-secret", address=reverse("admin:gateway_clientkey_add"), prepare=make_key),
        Shot(name="key-replace", address=reverse("admin:gateway_clientkey_replace_secret", args=[key.pk])),
        Shot(name="history-handed-over", address=change(handed_over)),
        Shot(name="history-refused", address=change(refused)),
        Shot(name="history-filters", address=reverse("admin:history_requestlog_changelist"), prepare=open_filters),
        Shot(name="user-form", address=change(operator)),
        Shot(name="command", address=reverse("admin:index"), prepare=search),
    ]  # fmt: skip


def lists() -> Iterator[Shot]:
    for name in ("providers_provider", "providers_providermodel", "routing_alias", "gateway_clientkey"):
        yield Shot(name=f"{name}-list", address=reverse(f"admin:{name}_changelist"))
    for name in ("history_requestlog", "auth_user", "auth_group"):
        yield Shot(name=f"{name}-list", address=reverse(f"admin:{name}_changelist"))


def change(row: Alias | ClientKey | Provider | ProviderModel | RequestLog | User) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])


# What is done on a page first


def spoil_provider(page: Page) -> None:
    page.fill("#id_name", "not a name!")
    page.fill("#id_endpoints-0-base_url", "http://10.0.0.7/v1")
    page.click("[name=_save]")


def spoil_alias(page: Page) -> None:
    page.fill("#id_name", "not a name!")
    page.fill("#id_targets-0-weight", "60")
    page.click("[name=_save]")


def send(page: Page) -> None:
    page.fill("#id_prompt", "Routing works: this answer came through the whole gateway.")
    page.get_by_role("button", name="Send").click()


def make_key(page: Page) -> None:
    page.fill("#id_name", "reporting")
    page.click("[name=_save]")


def open_filters(page: Page) -> None:
    page.get_by_text("Filters").first.click()


def search(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("fas")


# The camera


def take_login(browser: Browser, url: str, folder: Path) -> list[str]:
    troubles: list[str] = []
    for theme, width in looks():
        with a_page(browser, theme, width) as (page, watch):
            picture(page, url, Shot(name="login", address=reverse("admin:login")), folder, theme, width)
            page.fill("#id_username", "operator")
            page.fill("#id_password", "wrong")
            page.keyboard.press("Enter")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"login-wrong-{theme}-{width}.png", full_page=True)
            troubles += watch.troubles
    return troubles


def take(browser: Browser, url: str, folder: Path, user: str, shots: list[Shot]) -> list[str]:
    troubles: list[str] = []
    for theme, width in looks():
        with a_page(browser, theme, width) as (page, watch):
            log_in(page, url, user)
            for shot in shots:
                picture(page, url, shot, folder, theme, width)
            troubles += watch.troubles
    return troubles


def looks() -> Iterator[tuple[Theme, int]]:
    for theme in THEMES:
        for width in WIDTHS:
            yield theme, width


@contextmanager
def a_page(browser: Browser, theme: Theme, width: int) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    yield page, Watch(page)
    context.close()


def log_in(page: Page, url: str, user: str) -> None:
    page.goto(url + reverse("admin:login"))
    page.fill("#id_username", user)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(url + reverse("admin:index"))


def picture(page: Page, url: str, shot: Shot, folder: Path, theme: str, width: int) -> None:
    page.goto(url + shot.address)
    shot.prepare(page)
    page.wait_for_load_state("networkidle")
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        print(f"{shot.name}-{theme}-{width}: the page is {wide} px wide", file=sys.stderr)  # noqa: T201
    page.screenshot(path=folder / f"{shot.name}-{theme}-{width}.png", full_page=True)


if __name__ == "__main__":
    print(services.RUNS_ON, file=sys.stderr)  # noqa: T201 - a command's own words
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
