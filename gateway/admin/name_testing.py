"""Custom routes and patterns, with a “Test a name” button.

From here and not from routing/admin, which must not know the gateway: only the gateway plans a request.
"""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from gateway.views import name_explained
from providers.admin.unfolded import action
from routing.admin.custom_route import CustomRouteAdmin
from routing.admin.names import PatternAliasAdmin
from routing.models import CustomRoute, PatternAlias

admin.site.unregister([CustomRoute, PatternAlias])


@admin.register(CustomRoute)
class TestableCustomRouteAdmin(CustomRouteAdmin):
    actions_detail = ["test_name"]
    actions_row = ["test_name"]

    @action(description="Test a name", permissions=["view"], icon="alt_route", url_path="test-name")
    def test_name(self, request: HttpRequest, object_id: str) -> HttpResponse:
        route = self.get_object(request, object_id)
        if route is None:
            raise Http404("This route no longer exists.")
        example = name_explained.example_of(route)
        return name_explained.page(request, route.path, route.path, example=example, site=self.admin_site)


@admin.register(PatternAlias)
class TestablePatternAliasAdmin(PatternAliasAdmin):
    actions_detail = ["test_name"]
    actions_row = ["test_name"]

    @action(description="Test a name", permissions=["view"], icon="alt_route", url_path="test-name")
    def test_name(self, request: HttpRequest, object_id: str) -> HttpResponse:
        pattern = self.get_object(request, object_id)
        if pattern is None:
            raise Http404("This pattern no longer exists.")
        example = pattern.pattern.replace("*", "x")
        return name_explained.page(request, pattern.pattern, "", example=example, site=self.admin_site)
