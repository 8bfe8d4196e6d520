"""The product's settings, for a run of the tests: without a server, tasks stay in the process that publishes them.

Its worker is a thread (tests/worker_in_a_thread.py), which sees the test database as the tests do.
"""

from plexus_site.settings import *  # noqa: F403  all of them
from plexus_site.settings import CELERY_BROKER_URL as PRODUCTS_BROKER_URL
from plexus_site.settings import DATABASES as PRODUCTS_DATABASES
from plexus_site.settings import INSTALLED_APPS as PRODUCTS_APPS
from plexus_site.settings import MIDDLEWARE as PRODUCTS_MIDDLEWARE

INSTALLED_APPS = ["tests", *PRODUCTS_APPS]
"""With a `flush` of our own: tests/management/commands."""

QUICK = {"servestatic.middleware.ServeStaticMiddleware": "tests.quick_admin.StaticFilesFoundOnce"}
MIDDLEWARE = [QUICK.get(name, name) for name in PRODUCTS_MIDDLEWARE]
PASSWORD_HASHERS = ["tests.quick_admin.QuickHasher"]

PRODUCTS_DATABASE = PRODUCTS_DATABASES["default"]
DATABASES = PRODUCTS_DATABASES
if PRODUCTS_DATABASE["ENGINE"].endswith("postgresql"):
    # One that is well may take its time: the machine may have other tests to run. For a product's limits: test_database_limits.py.
    patient = {"connect_timeout": 60, "options": "-c statement_timeout=120s -c lock_timeout=60s"}
    DATABASES = {"default": {**PRODUCTS_DATABASE, "OPTIONS": {**PRODUCTS_DATABASE["OPTIONS"], **patient}}}

if PRODUCTS_BROKER_URL == "filesystem://localhost":
    CELERY_BROKER_URL = "memory://localhost"
    CELERY_BROKER_TRANSPORT = ""
    # Once a second, unless told otherwise.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.02}
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = True
