"""The site's URLs, and one that stands in no table."""

from django.http import HttpResponse
from django.urls import include, path

urlpatterns = [
    path("admin/nobody-thought-of-this/", lambda request: HttpResponse("Hello!")),
    path("", include("plexus_site.urls")),
]
