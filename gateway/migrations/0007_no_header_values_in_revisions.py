"""Values of extra headers that stood in clear in revisions are taken out of them: nobody could read a secret there again.

The one change that is ever made to what was recorded. What is left is what a revision holds of headers from now on: all
names, and the values of well-known headers that carry no secret.
"""

import json
import zlib
from importlib import import_module

from django.db import migrations

from gateway.audit import triggers
from providers.extra_headers import PUBLIC
from providers.secrets import is_reference

TABLE = "gateway_configrevision"
AT_ONCE = 50


def take_out(apps, schema_editor):
    revisions = apps.get_model("gateway", "ConfigRevision")._base_manager
    found = [pk for pk, packed in revisions.values_list("pk", "packed").iterator(AT_ONCE) if without_values(packed)]
    if not found:
        return
    vendor = schema_editor.connection.vendor
    columns = import_module("gateway.migrations.0004_audit").COLUMNS[TABLE]
    for statement in triggers.drop_triggers(vendor, table=TABLE):
        schema_editor.execute(statement, params=None)
    for pk in found:
        revisions.filter(pk=pk).update(packed=without_values(revisions.get(pk=pk).packed))
    for statement in triggers.create_triggers(vendor, table=TABLE, columns=columns, emptied=("user_id",)):
        schema_editor.execute(statement, params=None)


def without_values(packed):
    """The revision without them; None where it holds none."""
    contents = json.loads(zlib.decompress(bytes(packed)))
    is_changed = False
    for provider in contents.get("entries", {}).get("provider", {}).values():
        headers = provider.get("extra_headers") or {}
        hidden = sorted(name for name, value in headers.items() if not stays(name, value))
        if hidden:
            is_changed = True
            provider["extra_headers"] = {name: value for name, value in headers.items() if name not in hidden}
            provider["kept_headers"] = hidden
    return zlib.compress(json.dumps(contents, ensure_ascii=False, separators=(",", ":")).encode(), 1) if is_changed else None


def stays(name, value):
    return value == "" or (name.lower() in PUBLIC and not is_reference(str(value)))


class Migration(migrations.Migration):

    dependencies = [
        ('gateway', '0006_api'),
    ]

    operations = [
        migrations.RunPython(take_out, migrations.RunPython.noop),
    ]
