"""`python -m tests.browser.take_screenshots OUTDIR [NAME …]`: every page of the admin, light and dark, wide and narrow.

On a database of its own, empty for the first pictures and then furnished with a month of made-up use.
"""

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import django

from tests import services  # noqa: F401 - shields this process from the user's own settings, keys and data folder

os.environ["DJANGO_SETTINGS_MODULE"] = "plexus_site.settings"
os.environ["PLEXUS_PRIVATE_UPSTREAMS"] = "127.0.0.0/8"
for provider in ("OPENAI", "ANTHROPIC", "MISTRAL", "DEEPSEEK"):  # not Groq: a page says so
    os.environ[f"{provider}_API_KEY"] = "a made-up key"
os.environ["ANTHROPIC_TEAM"] = "search"
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django must have read its settings first
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from playwright.sync_api import Browser, Page  # noqa: E402

from gateway.audit.models import ConfigRevision  # noqa: E402
from gateway.models import ClientKey  # noqa: E402
from history.models import RequestLog  # noqa: E402
from providers.models import Provider, ProviderModel  # noqa: E402
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias  # noqa: E402
from tests.browser.changed import change_things  # noqa: E402
from tests.browser.chromium import HOW_TO_GET_ONE, chromium, path_to_chromium  # noqa: E402
from tests.browser.furnished import OPERATOR, PASSWORD, furnish  # noqa: E402
from tests.browser.seldom import furnish_seldom, shots_of_what_is_seldom  # noqa: E402
from tests.browser.shot import Prepare, Shot, change, submit  # noqa: E402
from tests.browser.traffic import write_traffic  # noqa: E402
from tests.browser.unwell import make_unwell  # noqa: E402
from tests.browser.watch import Watch  # noqa: E402
from tests.faulty_upstream import FaultyUpstream  # noqa: E402
from tests.gateways import serving  # noqa: E402

ROWS = 9_000
WIDTHS = {1440: 900, 390: 844}
"""Width -> height of the window; a picture is as long as its page, up to a point."""
LONGEST = 5_000
SETTLING_MS = 250
FILES = "admin:gateway_configuration_changelist"
numbers = itertools.count(1)
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")


def main(folder: Path, names: Sequence[str]) -> int:
    """Take pictures into `folder`: those that are named, or all. 1 when a page complained."""
    path = path_to_chromium()
    if path is None:
        sys.exit(HOW_TO_GET_ONE)
    folder.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("first", password=PASSWORD)
    with FaultyUpstream() as upstream, serving() as url:
        studio = Studio(url=url, folder=folder, names=names)
        with chromium(path) as browser:
            first = {
                "dashboard-empty": "index",
                "health-empty": "gateway_upstreamhealth_changelist",
                "quarantine-empty": "history_quarantinedrecord_changelist",
            }
            studio.take(
                browser, "first", [Shot(name=name, address=reverse(f"admin:{page}")) for name, page in first.items()]
            )
        furnish(upstream.url)
        change_things()
        write_traffic(ROWS, until=timezone.now())
        shots = shots_of_a_furnished_site()
        with chromium(path) as browser:
            studio.take(browser, "", shots_of_the_door())
            studio.take(browser, OPERATOR, shots)
        furnish_seldom()
        seldom = shots_of_what_is_seldom()
        with chromium(path) as browser:
            for user, of_user in seldom.items():
                studio.take(browser, user, of_user)
    for trouble in dict.fromkeys(studio.troubles):
        print(trouble, file=sys.stderr)  # noqa: T201 - a command's own words
    return 1 if studio.troubles else 0


def shots_of_the_door() -> list[Shot]:
    login = reverse("admin:login")
    return [Shot(name="login", address=login), Shot(name="login-wrong", address=login, prepare=fail_to_log_in)]


def shots_of_a_furnished_site() -> list[Shot]:
    """Every page that an operator meets."""
    handed_over = RequestLog.objects.filter(attempt_count=2).latest("id")
    refused = RequestLog.objects.filter(status=404).latest("id")
    openai, anthropic = Provider.objects.get(name="openai"), Provider.objects.get(name="anthropic")
    fast, smart = (
        Alias.objects.get(name="fast"),
        Alias.objects.get(name="smart"),
    )
    local = Alias.objects.get(name="local")
    model, key = ProviderModel.objects.filter(name="gpt-4o-mini").get(), ClientKey.objects.get(name="search index")
    operator = User.objects.get(username=OPERATOR)
    return [
        *(Shot(name=f"dashboard-{period}", address=f"{reverse('admin:index')}?period={period}") for period in ("24h", "7d", "30d")),
        *dashboards_of_one(),
        *lists(),
        *what_was_recorded(),
        Shot(name="health", address=reverse("admin:gateway_upstreamhealth_changelist"), prepare=spoil_health),
        Shot(name="health-of-one", address=f"{reverse('admin:gateway_upstreamhealth_changelist')}?provider=groq"),
        Shot(name="provider-form", address=change(openai)),
        Shot(name="provider-form-headers", address=change(anthropic)),
        Shot(name="provider-form-headers-errors", address=change(anthropic), prepare=spoil_headers),
        Shot(name="provider-form-errors", address=reverse("admin:providers_provider_add"), prepare=spoil_provider),
        Shot(name="model-form", address=change(model)),
        Shot(name="alias-form", address=change(fast)),
        Shot(name="alias-form-in-order", address=change(smart)),
        Shot(name="alias-form-conditions", address=change(fast), prepare=unfold("conditions")),
        Shot(name="alias-form-deadlines", address=change(fast), prepare=unfold("time_limits")),
        Shot(name="alias-form-add", address=reverse("admin:routing_alias_add")),
        Shot(name="alias-form-errors", address=change(fast), prepare=spoil_alias),
        Shot(name="alias-delete", address=reverse("admin:routing_alias_delete", args=[fast.pk])),
        Shot(name="test-route", address=reverse("admin:routing_alias_test_route", args=[fast.pk])),
        Shot(name="test-route-sent", address=reverse("admin:routing_alias_test_route", args=[local.pk]), prepare=send),
        Shot(name="pattern-form", address=change(PatternAlias.objects.get(pattern="openai-*"))),
        Shot(name="provider-alias-form", address=change(ProviderAlias.objects.get(name="gpt-*"))),
        Shot(name="route-form", address=change(CustomRoute.objects.get(path="/openai"))),
        Shot(name="test-name", address=reverse("admin:routing_customroute_test_name", args=[CustomRoute.objects.get(path="/openai").pk])),
        Shot(name="route-form-errors", address=reverse("admin:routing_customroute_add"), prepare=spoil_route),
        Shot(name="key-form", address=change(key)),
        Shot(name="key-add", address=reverse("admin:gateway_clientkey_add")),
        Shot(name="key-secret", address=reverse("admin:gateway_clientkey_add"), prepare=make_key),
        Shot(name="key-replace", address=reverse("admin:gateway_clientkey_replace_secret", args=[key.pk])),
        Shot(name="token-secret", address=reverse("admin:gateway_apitoken_add"), prepare=make_key),
        Shot(name="token-list", address=reverse("admin:gateway_apitoken_changelist")),
        Shot(name="token-add", address=reverse("admin:gateway_apitoken_add")),
        Shot(name="api-docs", address=reverse("api:docs"), prepare=wait_for_operations),
        Shot(name="history-handed-over", address=change(handed_over)),
        Shot(name="history-refused", address=change(refused)),
        Shot(name="history-filters", address=reverse("admin:history_requestlog_changelist"), prepare=open_filters),
        Shot(name="user-form", address=change(operator)),
        Shot(name="files", address=reverse(FILES)),
        Shot(name="files-refused", address=reverse(FILES), prepare=import_what_is_refused),
        Shot(name="files-difference", address=reverse(FILES), prepare=import_the_whole_truth),
        Shot(name="provider-disable", address=change(openai), prepare=disable),
        Shot(name="command", address=reverse("admin:index"), prepare=search),
    ]  # fmt: skip


def dashboards_of_one() -> Iterator[Shot]:
    """Narrowed to an alias, to a target of it, to something that nobody asked for; and compared by another measure."""
    queries = {
        "alias": "period=7d&alias=fast",
        "target": "period=7d&alias=fast&target=openai/gpt-4o-mini",
        "nothing": f"alias={'a-very-long-name.' * 7}",
        "by-cost": "period=7d&measure=cost",
        "by-latency": "period=30d&measure=latency",
        "by-key": "period=30d&by=key",
    }
    for name, query in queries.items():
        yield Shot(name=f"dashboard-{name}", address=f"{reverse('admin:index')}?{query}")


def what_was_recorded() -> Iterator[Shot]:
    first, *_, last = ConfigRevision.objects.order_by("number")
    pages = {"revision": (last, "change"), "revision-first": (first, "change"), "roll-back": (first, "roll_back")}
    for name, (revision, page) in pages.items():
        yield Shot(name=name, address=reverse(f"admin:gateway_configrevision_{page}", args=[revision.pk]))
    compared = reverse("admin:gateway_configrevision_compare")
    yield Shot(name="revisions-compared", address=f"{compared}?old={first.number}&new={last.number}")
    fast = Alias.objects.get(name="fast")
    yield Shot(name="changes-of-alias", address=reverse("admin:routing_alias_history", args=[fast.pk]))


def lists() -> Iterator[Shot]:
    for name in ("providers_provider", "providers_providermodel", "routing_alias", "gateway_clientkey"):
        yield Shot(name=f"{name}-list", address=reverse(f"admin:{name}_changelist"))
    for name in ("routing_patternalias", "routing_provideralias", "routing_customroute"):
        yield Shot(name=f"{name}-list", address=reverse(f"admin:{name}_changelist"))
    for name in ("history_requestlog", "auth_user", "auth_group", "gateway_configrevision", "gateway_auditevent"):
        yield Shot(name=f"{name}-list", address=reverse(f"admin:{name}_changelist"))


# What is done on a page first


def fail_to_log_in(page: Page) -> None:
    page.fill("#id_username", OPERATOR)
    page.fill("#id_password", "wrong")
    submit(page, "text=Log in")


def spoil_route(page: Page) -> None:
    page.fill("#id_path", "/admin/mine")
    submit(page, "[name=_save]")


def spoil_provider(page: Page) -> None:
    page.fill("#id_name", "not a name!")
    page.fill("#id_endpoints-0-base_url", "http://10.0.0.7/v1")
    submit(page, "[name=_save]")


def spoil_headers(page: Page) -> None:
    page.fill("#id_extra_headers-0-value", "Bearer sk-typed-now")
    page.fill("#id_extra_headers-1-name", "X Team")
    page.fill("#id_extra_headers-3-name", "X-New")
    page.fill("#id_extra_headers-3-value", "$")
    page.click("text=Add a header")
    page.fill("#id_extra_headers-5-name", "Authorization")
    submit(page, "[name=_save]")


def spoil_alias(page: Page) -> None:
    page.fill("#id_name", "not a name!")
    page.fill("#id_targets-0-weight", "60")
    submit(page, "[name=_save]")


def unfold(field: str) -> Prepare:
    """Of the last target."""
    return lambda page: page.locator(f"#targets-group tr:not(.empty-form *) .field-{field} summary").last.click()


def send(page: Page) -> None:
    page.fill("#id_prompt", "Routing works: this answer came through the whole gateway.")
    submit(page, "button:has-text('Send')")


def import_what_is_refused(page: Page) -> None:
    mistakes = "aliases: many, models: [{alias: fast, selector: wise}, {alias: 'not a name!', targets: 5}]"
    page.fill("#id_text", f"{{{mistakes}, logging: true, providers: [{{name: openai, apiKey: sk-1234}}]}}")
    submit(page, "text=Look what it would change")


def import_the_whole_truth(page: Page) -> None:
    provider = (
        "{name: openai, displayName: Open AI, models: [gpt-4o, gpt-9], baseUrls: {chat: 'https://api.openai.com/v1'}}"
    )
    page.fill("#id_text", f"{{providers: [{provider}], models: [{{alias: fast, targets: [], colour: red}}]}}")
    page.check("#id_prune")
    submit(page, "text=Look what it would change")


def disable(page: Page) -> None:
    page.locator("#id_enabled").uncheck()
    submit(page, "[name=_save]")


def wait_for_operations(page: Page) -> None:
    page.locator(".opblock").first.wait_for()


def make_key(page: Page) -> None:
    page.fill("#id_name", f"reporting {next(numbers)}")
    submit(page, "[name=_save]")


def open_filters(page: Page) -> None:
    page.get_by_text("Filters").first.click()


def spoil_health(page: Page) -> None:
    make_unwell()
    page.reload()
    page.locator("#health-table [data-state=open]").first.wait_for()


def search(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").press_sequentially("fas")
    page.locator("#command-results-list").wait_for()


# The camera


class Studio:
    """Takes pictures of one site into one folder."""

    def __init__(self, *, url: str, folder: Path, names: Sequence[str]) -> None:
        self.url = url
        self.folder = folder
        self.names = names
        self.troubles: list[str] = []

    def take(self, browser: Browser, user: str, shots: Sequence[Shot]) -> None:
        """Take them all in every look. `user`: who has logged in; "" for nobody."""
        wanted = [shot for shot in shots if not self.names or shot.name in self.names]
        for theme, width in itertools.product(THEMES, WIDTHS) if wanted else ():
            with a_page(browser, theme, width) as page:
                watch = Watch(page)
                if user:
                    log_in(page, self.url, user)
                for shot in wanted:
                    self._picture(page, shot, f"{shot.name}-{theme}-{width}.png")
                    self.troubles += shot.troubles_among(watch.troubles)
                    watch.troubles.clear()

    def _picture(self, page: Page, shot: Shot, name: str) -> None:
        width, height = the_size_of(page)
        page.goto(self.url + shot.address)
        shot.prepare(page)
        wide, long = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        if wide > width:
            self.troubles.append(f"{name}: the page is {wide} px wide")
        # As if the window were as long as the page: what sticks to its bottom then covers nothing.
        page.set_viewport_size({"width": width, "height": min(max(long, height), LONGEST)})
        page.wait_for_timeout(SETTLING_MS)
        page.screenshot(path=self.folder / name)
        page.set_viewport_size({"width": width, "height": height})


@contextmanager
def a_page(browser: Browser, theme: Theme, width: int) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]}, color_scheme=theme, reduced_motion="reduce"
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def the_size_of(page: Page) -> tuple[int, int]:
    size = page.viewport_size
    assert size is not None  # a_page has set one
    return size["width"], size["height"]


def log_in(page: Page, url: str, user: str) -> None:
    page.goto(url + reverse("admin:login"))
    page.fill("#id_username", user)
    page.fill("#id_password", PASSWORD)
    submit(page, "text=Log in")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
