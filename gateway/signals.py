"""A saved, changed or deleted key is in use here as soon as it is committed. See routing/signals.py. Migrations make roles."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as current_apps
from django.apps.registry import Apps
from django.db.models.signals import m2m_changed, post_delete, post_migrate, post_save

from gateway.access.roles.store import make_roles
from gateway.access.store import KEYS
from gateway.models import ClientKey
from providers.models import ProviderModel
from routing.models import Alias


def note_change(**kwargs: Any) -> None:  # Any: whatever the signal carries
    """Compile the key ring anew once the change is committed."""
    KEYS.publish_on_commit()


post_save.connect(note_change, sender=ClientKey, dispatch_uid="client_keys_ClientKey_saved")
# A key lists aliases and models by id, so renaming one changes no key; a deleted one leaves the list.
for model in (ClientKey, Alias, ProviderModel):
    post_delete.connect(note_change, sender=model, dispatch_uid=f"client_keys_{model.__name__}_deleted")
for through in (ClientKey.allowed_aliases.through, ClientKey.allowed_models.through):
    m2m_changed.connect(note_change, sender=through, dispatch_uid=f"client_keys_{through.__name__}")


def make_roles_at_last(app_config: AppConfig, apps: Apps = current_apps, **kwargs: Any) -> None:  # Any: as above
    """Once every app has its permissions: Django makes those one app after the other, and asks us after each."""
    last = [config for config in current_apps.get_app_configs() if config.models_module is not None][-1]
    if app_config.label == last.label and "group" in apps.all_models["auth"]:
        make_roles(apps)


post_migrate.connect(make_roles_at_last, dispatch_uid="roles")
