"""A saved or deleted row of configuration -> a new version of the routing table, on commit."""

from typing import Any

from django.db.models.signals import post_delete, post_save

from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, Synonym, Target
from routing.store import TABLE

CONFIGURATION = (Provider, Endpoint, ProviderModel, Alias, Synonym, Target)


def note_change(raw: bool = False, **kwargs: Any) -> None:  # Any: whatever the signal carries
    """Raise the version in the transaction that saved the row."""
    TABLE.mark_changed()


for model in CONFIGURATION:
    post_save.connect(note_change, sender=model, dispatch_uid=f"routing_table_{model.__name__}_saved")
    post_delete.connect(note_change, sender=model, dispatch_uid=f"routing_table_{model.__name__}_deleted")
