"""The page “Test a name”: what a name means to a request that comes in by a custom route, or by no route of its own."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from gateway.views.openai import SERVED_API_TYPES
from gateway.views.route_explained import outlook_of
from providers import wire
from routing.entrances import default_at, resolve_at
from routing.models import CustomRoute
from routing.store import TABLE
from routing.table import UnknownModel
from routing.wildcards import WILDCARD

TEMPLATE = "admin/routing/test_name.html"
LONGEST_NAME = 256


def page(request: HttpRequest, title: str, path: str, *, example: str, site: AdminSite) -> HttpResponse:
    """`path`: that of a custom route; empty for none. `example`: a name to begin with."""
    name = request.GET.get("name", example)[:LONGEST_NAME].strip()
    api_type = request.GET.get("api", "chat")
    api_type = api_type if api_type in SERVED_API_TYPES else "chat"
    context = {
        **site.each_context(request),
        "title": "Test a name",
        "subtitle": title,
        "heading": title,
        "name": name,
        "api_type": api_type,
        "api_types": [(one, wire.FORMATS[one].label) for one in SERVED_API_TYPES],
        **meaning(name, path, api_type),
    }
    return TemplateResponse(request, TEMPLATE, context)


def meaning(name: str, path: str, api_type: str) -> dict[str, object]:
    """What the page shows of it."""
    TABLE.catch_up()
    table = TABLE.current
    entrance = table.entrances.get(path)
    if path and entrance is None:
        return {"notice": "This route is disabled: nothing stands at its path."}
    asked = name or default_at(table, entrance)
    if not asked:
        return {"notice": "A request that names no model is refused here."}
    try:
        route = table.resolve(asked) if entrance is None else resolve_at(table, entrance, asked)
    except UnknownModel:
        return {"notice": f"Clients are told that there is no model “{asked}”."}
    return {"meant": route, "alias": route, "outlook": outlook_of(route, table, asked, api_type)}


def example_of(route: CustomRoute) -> str:
    """A name that the route may know."""
    if route.alias is not None:
        return route.alias.name
    if route.provider is None:
        return ""
    own = route.provider.aliases.first()
    model = route.provider.models.first()
    return own.name.replace(WILDCARD, "x") if own is not None else model.name if model is not None else ""
