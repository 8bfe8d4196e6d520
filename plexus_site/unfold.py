"""The look of the admin: title, colours, the order of the sidebar, the badge that says what it runs on."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

TEAL = {
    "50": "oklch(98.4% .014 180.72)",
    "100": "oklch(95.3% .051 180.8)",
    "200": "oklch(91% .096 180.43)",
    "300": "oklch(85.5% .138 181.07)",
    "400": "oklch(77.7% .152 181.91)",
    "500": "oklch(70.4% .14 182.5)",
    "600": "oklch(55% .1 184.7)",
    "700": "oklch(48% .088 186.39)",
    "800": "oklch(43.7% .078 188.22)",
    "900": "oklch(38.6% .063 188.42)",
    "950": "oklch(27.7% .046 192.52)",
}
"""Tailwind's, with a 600 dark enough for white text on it: contrast 4.5."""


def may_view(model: str, *others: str) -> Callable[[HttpRequest], bool]:
    """For a line of the sidebar: “app.model” -> whether this user may see its list. `others`: permissions that do as well."""
    app, name = model.split(".")

    def allowed(request: HttpRequest) -> bool:
        return any(map(request.user.has_perm, (f"{app}.view_{name}", f"{app}.change_{name}", *others)))

    return allowed


def item(title: str, icon: str, model: str, *others: str) -> dict[str, Any]:  # Any: unfold's own settings shape
    """A line of the sidebar that leads to the list of a model."""
    link = reverse_lazy(f"admin:{model.replace('.', '_')}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": may_view(model, *others)}


def own_item(title: str, icon: str, model: str) -> dict[str, Any]:  # Any: unfold's own settings shape
    """A line that everybody has: each sees their own."""
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model.replace('.', '_')}_changelist")}


def group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    """A part of the sidebar with its heading."""
    return {"title": title, "separator": True, "items": list(items)}


def environment_badge(request: HttpRequest) -> list[str] | None:
    """Beside the title: that this process is all there is. Nothing where PostgreSQL and Redis stand behind it."""
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    return ["Embedded", "info"] if is_sqlite and not settings.REDIS_URL else None


OWN_KEYS = "gateway.view_own_clientkey"
"""The permission of those who see their own client keys and requests."""

SEARCHED = [
    "routing.alias",
    "routing.patternalias",
    "routing.customroute",
    "providers.provider",
    "providers.providermodel",
    "gateway.clientkey",
]
"""What Ctrl-K finds by name."""

UNFOLD: dict[str, Any] = {  # Any: unfold's own settings shape
    "SITE_TITLE": "Plexus",
    "SITE_HEADER": "Plexus",
    "SITE_SUBHEADER": "LLM routing gateway",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "history.dashboard.callback",
    "ENVIRONMENT": "plexus_site.unfold.environment_badge",
    "COLORS": {"primary": TEAL},
    "LOGIN": {"form": "gateway.access.forms.LoginForm"},
    "STYLES": [lambda request: static("plexus/admin.css")],
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("plexus/icon.svg")},
    ],
    "COMMAND": {"search_models": SEARCHED, "show_history": True},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Overview",
                "items": [
                    {"title": "Dashboard", "icon": "space_dashboard", "link": reverse_lazy("admin:index")},
                    item("Health", "ecg_heart", "gateway.upstreamhealth"),
                ],
            },
            group(
                "Routing",
                item("Aliases", "alt_route", "routing.alias"),
                item("Pattern aliases", "asterisk", "routing.patternalias"),
                item("Custom routes", "signpost", "routing.customroute"),
            ),
            group(
                "Providers",
                item("Providers", "cloud", "providers.provider"),
                item("Models", "deployed_code", "providers.providermodel"),
                item("Provider aliases", "label", "routing.provideralias"),
            ),
            group(
                "Configuration",
                item("Import and export", "swap_vert", "gateway.configuration", "gateway.import_configuration"),
            ),
            group(
                "Access",
                item("Client keys", "key", "gateway.clientkey", OWN_KEYS),
                own_item("API tokens", "api", "gateway.apitoken"),
                item("Users", "person", "auth.user"),
                item("Groups", "group", "auth.group"),
            ),
            group(
                "Audit",
                item("Revisions", "history", "gateway.configrevision"),
                item("Events", "policy", "gateway.auditevent"),
            ),
            group(
                "History",
                item("Requests", "receipt_long", "history.requestlog", OWN_KEYS),
                item("Quarantine", "report", "history.quarantinedrecord"),
            ),
        ],
    },
}
