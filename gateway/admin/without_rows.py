"""Pages of the admin that show no rows of the database, and stand in its index like those that do."""

from django.http import HttpRequest

from providers.admin.unfolded import ModelAdmin


class WithoutRows(ModelAdmin):
    """Only the addresses that `get_urls` names exist; nothing is there to add, to change or to delete."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
