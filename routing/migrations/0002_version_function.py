"""What the version triggers of PostgreSQL run; nothing on SQLite."""

from django.db import migrations

from providers.models import CONFIGURATION_LOCK
from routing import version_triggers


def create(apps, schema_editor):
    for statement in version_triggers.create_function(schema_editor.connection.vendor, lock=CONFIGURATION_LOCK):
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    for statement in version_triggers.drop_function(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
