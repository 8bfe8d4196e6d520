"""The product's settings, for a run of the tests: without a server, tasks stay in the process that publishes them.

Its worker is a thread (tests/worker_in_a_thread.py), which sees the test database as the tests do.
"""

from plexus_site.settings import *  # noqa: F403  all of them
from plexus_site.settings import CELERY_BROKER_URL as PRODUCTS_BROKER_URL
from plexus_site.settings import INSTALLED_APPS as PRODUCTS_APPS
from plexus_site.settings import MIDDLEWARE as PRODUCTS_MIDDLEWARE

INSTALLED_APPS = ["tests", *PRODUCTS_APPS]
"""With a `flush` of our own: tests/management/commands."""

QUICK = {"servestatic.middleware.ServeStaticMiddleware": "tests.quick_admin.StaticFilesFoundOnce"}
MIDDLEWARE = [QUICK.get(name, name) for name in PRODUCTS_MIDDLEWARE]
PASSWORD_HASHERS = ["tests.quick_admin.QuickHasher"]

if PRODUCTS_BROKER_URL == "filesystem://localhost":
    CELERY_BROKER_URL = "memory://localhost"
    CELERY_BROKER_TRANSPORT = ""
    # Once a second, unless told otherwise.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.02}
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = True
