"""The history button of an object leads to what was changed in it, by whom. From here, since routing must not know the gateway."""

from typing import Any

from django.contrib.admin import site
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from gateway.audit.models import ConfigChange
from providers.admin import turns
from providers.models import ProviderModel

KINDS = {"customroute": "route", "patternalias": "pattern"}
"""Name of a model -> what a revision calls it, where that is another word."""


def changes_of(request: HttpRequest, row: Model) -> HttpResponse:
    """Where its changes are. Of a provider's model: those of the provider, among which they are."""
    owner: Any = row.provider if isinstance(row, ProviderModel) else row  # Any: each model calls its name its own way
    kind = KINDS.get(owner._meta.model_name, str(owner._meta.verbose_name))
    query = urlencode({"of_kind": kind, "of_name": str(owner)})
    return HttpResponseRedirect(f"{reverse('admin:gateway_configchange_changelist')}?{query}")


def may_look(request: HttpRequest) -> bool:
    """As the list of changes decides: an owner of keys, for one, may not."""
    return site.get_model_admin(ConfigChange).has_view_permission(request)


turns.HISTORY.append(turns.Historian(answer=changes_of, may_look=may_look))
