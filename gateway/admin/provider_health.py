"""A provider's page with a way to the health of its upstreams. From here, since providers must not know the gateway."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from providers.admin.provider import ProviderAdmin
from providers.admin.unfolded import action
from providers.models import Provider

admin.site.unregister(Provider)


@admin.register(Provider)
class WatchedProviderAdmin(ProviderAdmin):
    actions_detail = ["health"]

    @action(description="Health", permissions=["view"], icon="ecg_heart", url_path="health")
    def health(self, request: HttpRequest, object_id: str) -> HttpResponse:
        provider = self.get_object(request, object_id)
        if provider is None:
            raise Http404("This provider no longer exists.")
        query = urlencode({"provider": provider.name})
        return HttpResponseRedirect(f"{reverse('admin:gateway_upstreamhealth_changelist')}?{query}")
