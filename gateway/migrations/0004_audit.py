"""Revisions, their changes, and events; and the database refuses to change them. See gateway/audit/triggers.py."""

import django.db.models.deletion
import gateway.audit.models
from django.conf import settings
from django.db import migrations, models

from gateway.audit import triggers

AUTHORED = ("id", "at", "author_name", "door", "address")
COLUMNS = {
    "gateway_auditevent": (*AUTHORED, "kind", "subject", "details"),
    "gateway_configrevision": (*AUTHORED, "number", "note", "summary", "rolled_back_to", "packed"),
    "gateway_configchange": ("id", "revision_id", "deed", "kind", "name", "of_kind", "of_name", "stamp", "fields"),
}
"""All but the user, who may become nobody."""


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for table, columns in COLUMNS.items():
        emptied = () if table == "gateway_configchange" else ("user_id",)
        for statement in triggers.create_triggers(vendor, table=table, columns=columns, emptied=emptied):
            schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for table in COLUMNS:
        for statement in triggers.drop_triggers(vendor, table=table):
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('gateway', '0003_upstream_health'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='time')),
                ('author_name', models.CharField(max_length=150, verbose_name='who')),
                ('door', models.CharField(choices=gateway.audit.models.door_choices, max_length=16)),
                ('address', models.CharField(blank=True, max_length=255, verbose_name='from')),
                ('kind', models.CharField(db_index=True, max_length=32, verbose_name='what')),
                ('subject', models.CharField(max_length=255, verbose_name='to whom')),
                ('details', models.JSONField(blank=True, default=dict)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'event',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ConfigRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='time')),
                ('author_name', models.CharField(max_length=150, verbose_name='who')),
                ('door', models.CharField(choices=gateway.audit.models.door_choices, max_length=16)),
                ('address', models.CharField(blank=True, max_length=255, verbose_name='from')),
                ('number', models.PositiveBigIntegerField(unique=True)),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='why')),
                ('summary', models.CharField(max_length=1000)),
                ('rolled_back_to', models.PositiveBigIntegerField(blank=True, null=True)),
                ('packed', models.BinaryField()),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'revision',
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='ConfigChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deed', models.CharField(max_length=16, verbose_name='what')),
                ('kind', models.CharField(max_length=32)),
                ('name', models.CharField(max_length=1000)),
                ('of_kind', models.CharField(max_length=32)),
                ('of_name', models.CharField(max_length=255, verbose_name='belongs to')),
                ('stamp', models.CharField(blank=True, max_length=64)),
                ('fields', models.JSONField(default=list)),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='gateway.configrevision')),
            ],
            options={
                'verbose_name': 'change',
                'ordering': ['-revision_id', 'id'],
                'indexes': [models.Index(fields=['of_kind', 'of_name', '-revision'], name='change_of_object')],
            },
        ),
        migrations.RunPython(create, drop),
    ]
