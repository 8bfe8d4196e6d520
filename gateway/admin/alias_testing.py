"""The alias's page, with a “Test route” button.

From here and not from routing/admin, which must not know the gateway: only the gateway can send a request.
"""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from gateway.views import route_explained
from providers.admin.unfolded import action
from routing.admin.alias import AliasAdmin
from routing.models import Alias

admin.site.unregister(Alias)


@admin.register(Alias)
class TestableAliasAdmin(AliasAdmin):
    actions_detail = ["test_route"]
    actions_row = ["test_route"]

    @action(description="Test route", permissions=["view"], icon="alt_route", url_path="test-route")
    def test_route(self, request: HttpRequest, object_id: str) -> HttpResponse:
        alias = self.get_object(request, object_id)
        if alias is None:
            raise Http404("This alias no longer exists.")
        return route_explained.page(
            request, alias, may_send=self.has_change_permission(request, alias), site=self.admin_site
        )
