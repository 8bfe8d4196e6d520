from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gateway", "0004_audit")]

    operations = [
        migrations.AlterModelOptions(
            name="clientkey",
            options={
                "ordering": ["name"],
                "permissions": [
                    ("view_own_clientkey", "Can view own client keys, and what was asked with them"),
                    ("renew_own_clientkey", "Can replace the secret of own client keys"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Configuration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "configuration as a file",
                "verbose_name_plural": "configuration as a file",
                "permissions": [("import_configuration", "Can import a configuration file")],
                "managed": False,
                "default_permissions": ["view"],
            },
        ),
    ]
