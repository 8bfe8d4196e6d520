"""Rows that are made with a secret: the page that answers the request that made one shows it, once."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from providers.admin.unfolded import ModelAdmin


class ShowsSecretOnce(ModelAdmin):
    """No redirect after it was made: a secret would have to wait for it somewhere."""

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        # The page that follows is the secret's, so there is one way to go on.
        one_way = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().add_view(request, form_url, {**one_way, **(extra_context or {})})

    def page_of(self, request: HttpRequest, row: Model, template: str, **context: Any) -> HttpResponse:
        """A page about this row, which no cache keeps. Any: what the template shows."""
        context = {**self.admin_site.each_context(request), "row": row, "subtitle": str(row), **context}
        return TemplateResponse(request, template, context, headers={"Cache-Control": "no-store, private"})
