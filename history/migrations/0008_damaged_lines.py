from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("history", "0007_lean_indexes")]

    operations = [
        migrations.AddField(
            model_name="journalbatch",
            name="damaged",
            field=models.IntegerField(db_default=0, default=0, help_text="Lines that could not be read."),
        ),
    ]
