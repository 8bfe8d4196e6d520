"""Values of extra headers that stood in clear are sealed, but for well-known headers that carry no secret."""

from django.conf import settings
from django.db import migrations

from providers.extra_headers import PUBLIC
from providers.secrets import Unreadable, Vault, is_reference, is_sealed


def seal(apps, schema_editor):
    # What looks like a reference was sent as it stood so far, and still is: it would be looked up if it were not sealed.
    change(apps, lambda vault, name, value: value if stays(name, value) else vault.seal(value))


def open_again(apps, schema_editor):
    change(apps, opened)


def change(apps, changed):
    vault = Vault(settings.PLEXUS_ENCRYPTION_KEYS)
    providers = apps.get_model("providers", "Provider").objects
    for pk, before in list(providers.values_list("pk", "extra_headers")):
        if not isinstance(before, dict):
            continue
        after = {
            name: changed(vault, name, value) if isinstance(value, str) else value for name, value in before.items()
        }
        if after != before:
            providers.filter(pk=pk).update(extra_headers=after)


def stays(name, value):
    return value == "" or is_sealed(value) or (name.lower() in PUBLIC and not is_reference(value))


def opened(vault, name, value):
    """What nobody can open any more stays as it is: the release before this one would send it so."""
    try:
        return vault.open(value) if is_sealed(value) else value
    except Unreadable:
        return value


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0005_takes_any_model'),
    ]

    operations = [
        migrations.RunPython(seal, open_again),
    ]
