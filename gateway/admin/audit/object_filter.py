"""A filter of the list of changes: those of one object, under whatever name it had."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway.audit.store.past import ever_called

OF_KIND, OF_NAME = "of_kind", "of_name"


class ObjectFilter(admin.ListFilter):
    """There when the address names an object: `?of_kind=alias&of_name=fast`."""

    title = "object"
    parameter_name = OF_NAME  # unfold draws a filter by it
    template = "admin/filter.html"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:  # Any: Django's own
        super().__init__(request, params, model, model_admin)
        self.kind = self.name = ""
        if OF_KIND in params and OF_NAME in params:
            self.kind, self.name = (params.pop(parameter)[-1] for parameter in (OF_KIND, OF_NAME))

    def expected_parameters(self) -> list[str | None]:
        return [OF_KIND, OF_NAME]

    def has_output(self) -> bool:
        return bool(self.kind and self.name)

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        everything = changelist.get_query_string(remove=[OF_KIND, OF_NAME])
        yield {"selected": False, "query_string": everything, "display": "All"}
        this = changelist.get_query_string({OF_KIND: self.kind, OF_NAME: self.name})
        yield {"selected": True, "query_string": this, "display": f"{self.kind} {self.name}"}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(ever_called(self.kind, self.name))
