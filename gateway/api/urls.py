"""Every address below /api/."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularSwaggerView

from gateway.api.description import openapi
from gateway.api.resources import (
    aliases,
    config,
    explain,
    health,
    keys,
    models,
    patterns,
    providers,
    requests,
    revisions,
    routes,
    statistics,
    usage,
)
from gateway.api.views import nowhere

app_name = "api"
RESOURCES = [
    providers,
    models,
    aliases,
    patterns,
    routes,
    keys,
    requests,
    statistics,
    usage,
    health,
    explain,
    config,
    revisions,
]
"""A new resource is a module with `paths`, and a word here."""

urlpatterns = [
    path("v1/openapi.json", openapi, name="openapi"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:openapi", schema=None), name="docs"),
    path("v1/", include([address for resource in RESOURCES for address in resource.paths])),
    re_path("", nowhere),
]
