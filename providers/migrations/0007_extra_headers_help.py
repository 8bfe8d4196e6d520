from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0006_seal_extra_headers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='provider',
            name='extra_headers',
            field=models.JSONField(blank=True, default=dict, help_text='Sent with every request, for instance {"HTTP-Referer": "https://…", "X-Team-Key": "$TEAM_KEY"}. A value is $NAME of an environment variable, or the text itself: it is encrypted and never shown again, but for well-known headers that carry no secret.'),
        ),
    ]
