"""The alias's page, with a “Test route” button and, before a deletion, the client keys that it would leave with nothing.

From here and not from routing/admin, which must not know the gateway: only the gateway can send a request.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from gateway.models import ClientKey
from gateway.views import route_explained
from providers.admin.configuration import shortened
from providers.admin.unfolded import action
from routing.admin.alias import AliasAdmin
from routing.models import Alias

MOST_NAMES = 10

admin.site.unregister(Alias)


@admin.register(Alias)
class TestableAliasAdmin(AliasAdmin):
    actions_detail = ["test_route"]
    actions_row = ["test_route"]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # Any: Django's own types are long
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        if names := keys_left_with_nothing(objs):
            deleted = [*deleted, f"Client keys that may use nothing afterwards: {shortened(names, MOST_NAMES)}"]
        return deleted, counts, lacking, protected

    @action(description="Test route", permissions=["view"], icon="alt_route", url_path="test-route")
    def test_route(self, request: HttpRequest, object_id: str) -> HttpResponse:
        alias = self.get_object(request, object_id)
        if alias is None:
            raise Http404("This alias no longer exists.")
        return route_explained.page(
            request, alias, may_send=self.has_change_permission(request, alias), site=self.admin_site
        )


def keys_left_with_nothing(doomed: Iterable[Alias]) -> list[str]:
    """Names of the keys that list these aliases and nothing else."""
    ids = [alias.pk for alias in doomed]
    listing = ClientKey.objects.filter(access=ClientKey.Access.LISTED, allowed_aliases__in=ids, allowed_models=None)
    others = Alias.objects.exclude(pk__in=ids)
    return list(listing.exclude(allowed_aliases__in=others).distinct().values_list("name", flat=True))
