"""A saved or deleted row of configuration is in use here as soon as it is committed.

The version itself rises in the database (routing/version_triggers.py), also for writers that send no signal.
"""

from typing import Any

from django.db.models.signals import post_delete, post_save

from providers.models import Endpoint, Provider, ProviderModel
from routing.models import Alias, CustomRoute, PatternAlias, ProviderAlias, Synonym, Target
from routing.store import TABLE

CONFIGURATION = (Provider, Endpoint, ProviderModel, Alias, Synonym, Target, PatternAlias, ProviderAlias, CustomRoute)


def note_change(raw: bool = False, **kwargs: Any) -> None:  # Any: whatever the signal carries
    """Compile the table anew once the row is committed."""
    TABLE.publish_on_commit()


for model in CONFIGURATION:
    post_save.connect(note_change, sender=model, dispatch_uid=f"routing_table_{model.__name__}_saved")
    post_delete.connect(note_change, sender=model, dispatch_uid=f"routing_table_{model.__name__}_deleted")
