"""Why a try was made at this upstream, and then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("history", "0004_journal")]

    operations = [
        migrations.AddField(
            model_name="attemptlog",
            name="why",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="Why this one was asked.", max_length=256
            ),
        ),
    ]
