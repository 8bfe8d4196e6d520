"""Every table that the routing table is compiled from raises its version."""

from django.db import migrations

from routing import version_triggers

TABLES = (
    *("providers_provider", "providers_endpoint", "providers_providermodel"),
    *("routing_alias", "routing_synonym", "routing_target"),
)


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in version_triggers.create_triggers(vendor, subject="routing_table", tables=TABLES):
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in version_triggers.drop_triggers(vendor, subject="routing_table", tables=TABLES):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("routing", "0002_version_function"), ("providers", "0002_credential_guard")]

    operations = [migrations.RunPython(create, drop)]
