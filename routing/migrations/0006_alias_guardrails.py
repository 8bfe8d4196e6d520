from django.db import migrations, models

from routing import version_triggers

REMADE = ("routing_alias",)


def create_triggers(apps, schema_editor):
    """SQLite made the table anew, without its triggers."""
    vendor = schema_editor.connection.vendor
    for statement in version_triggers.create_triggers(vendor, subject="routing_table", tables=REMADE):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0005_names_and_paths'),
    ]

    operations = [
        # First in the list, so that it runs last when this is taken back: the table is made anew then, too.
        migrations.RunPython(migrations.RunPython.noop, create_triggers),
        migrations.AddField(
            model_name='alias',
            name='guardrails',
            field=models.JSONField(blank=True, default=dict, help_text='Kept, and not enforced yet: requests pass without them.'),
        ),
        migrations.RunPython(create_triggers, migrations.RunPython.noop),
    ]
