"""Every table that the key ring is compiled from raises its version.

A key lists aliases and models by id, so renaming one changes no key.
"""

from django.db import migrations

from routing import version_triggers

TABLES = ("gateway_clientkey", "gateway_clientkey_allowed_aliases", "gateway_clientkey_allowed_models")


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in version_triggers.create_triggers(vendor, subject="client_keys", tables=TABLES):
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in version_triggers.drop_triggers(vendor, subject="client_keys", tables=TABLES):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("gateway", "0001_initial"), ("routing", "0003_routing_table_version")]

    operations = [migrations.RunPython(create, drop)]
