"""The pages. The gateway's own paths never come here: see plexus_site/asgi.py."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("gateway.api.urls")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
handler400 = "plexus_site.refused_host.bad_request"
handler404 = "plexus_site.not_found.not_found"
