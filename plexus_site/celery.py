"""The Celery application: `celery -A plexus_site worker -B`, or several workers and one `celery -A plexus_site beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plexus_site.settings")

app = Celery("plexus")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
