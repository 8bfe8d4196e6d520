"""Every setting, read from the environment (or the `.env` beside manage.py). docs/settings.md lists them all.

A wrong value stops the start with one sentence that names the setting: see `plexus_site.environment`.
"""

import os
from pathlib import Path

from django.urls import reverse_lazy

from plexus_site.environment import Environment, is_host, is_origin, kept_secret
from plexus_site.unknown_variables import unknown
from providers.addresses import AllowedNetworks
from providers.secrets import Vault, new_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment.load(BASE_DIR / ".env")

# Where we are ------------------------------------------------------------------------------------

DATA_DIR = Path(env.str("PLEXUS_DATA_DIR", default=str(BASE_DIR / "data"))).absolute()
DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'plexus.sqlite3'}")
REDIS_URL = env.servers("REDIS_URL", ("redis", "rediss", "unix"), default="", example="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = (
    env.servers(
        "CELERY_BROKER_URL",
        ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps", "pyamqp", "sqs"),
        # redis-py's word for a socket, in Celery's spelling.
        default=REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host="),
        example="redis://127.0.0.1:6379/1",
    )
    or "filesystem://localhost"
)
"""Without a server: a folder, which reaches the worker that the gateway starts beside itself. See history/embedded."""

# Secrets -----------------------------------------------------------------------------------------

SECRET_KEY = env.secret("SECRET_KEY") or kept_secret(DATA_DIR / "secret_key")
PLEXUS_ENCRYPTION_KEYS = env.checked(
    "PLEXUS_ENCRYPTION_KEYS",
    lambda text: [key.strip() for key in text.split(",") if key.strip()],
    default="",
    accept=lambda keys: not keys or Vault(keys),
    wanted="Fernet keys (32 bytes, url-safe base64), the newest first, separated by commas",
) or [kept_secret(DATA_DIR / "encryption_key", make=new_key)]
"""The first one encrypts; all of them decrypt."""

# Who may be called, and for how long -------------------------------------------------------------

PLEXUS_PRIVATE_UPSTREAMS = env.checked(
    "PLEXUS_PRIVATE_UPSTREAMS",
    AllowedNetworks.parse,
    default="",
    wanted="networks such as 127.0.0.0/8 or 10.1.0.0/16:11434, separated by commas",
)
"""Private networks that upstreams may stand on. None by default."""

PLEXUS_CONNECT_TIMEOUT_SECONDS = env.positive("PLEXUS_CONNECT_TIMEOUT_SECONDS", default=3.0)
PLEXUS_FIRST_BYTE_TIMEOUT_SECONDS = env.positive("PLEXUS_FIRST_BYTE_TIMEOUT_SECONDS", default=60.0)
"""From sending the request to the first byte of a stream. A whole answer has PLEXUS_ANSWER_TIMEOUT_SECONDS."""
PLEXUS_IDLE_TIMEOUT_SECONDS = env.positive("PLEXUS_IDLE_TIMEOUT_SECONDS", default=60.0)
PLEXUS_SEMANTIC_IDLE_TIMEOUT_SECONDS = env.positive("PLEXUS_SEMANTIC_IDLE_TIMEOUT_SECONDS", default=180.0)
"""Between two events of a stream that say something: comments that keep a connection alive say nothing."""
PLEXUS_ANSWER_TIMEOUT_SECONDS = env.positive("PLEXUS_ANSWER_TIMEOUT_SECONDS", default=300.0)
PLEXUS_STREAM_TIMEOUT_SECONDS = env.positive("PLEXUS_STREAM_TIMEOUT_SECONDS", default=3600.0)
PLEXUS_CHAIN_TIMEOUT_SECONDS = env.positive("PLEXUS_CHAIN_TIMEOUT_SECONDS", default=120.0)
"""All tries of one request together, until one of them answers."""
PLEXUS_UPSTREAM_MAX_IN_FLIGHT = env.count("PLEXUS_UPSTREAM_MAX_IN_FLIGHT", default=256)
"""Requests that one process has with one upstream at once, where the model does not say how many."""

# What a client may send --------------------------------------------------------------------------

PLEXUS_MAX_REQUEST_BYTES = env.count("PLEXUS_MAX_REQUEST_BYTES", default=20 * 1024 * 1024)
PLEXUS_MAX_ANSWER_BYTES = env.count("PLEXUS_MAX_ANSWER_BYTES", default=64 * 1024 * 1024)
PLEXUS_MAX_BODIES_BYTES = env.count("PLEXUS_MAX_BODIES_BYTES", default=256 * 1024 * 1024)
"""All request bodies together that one process holds."""
PLEXUS_MAX_IN_FLIGHT = env.count("PLEXUS_MAX_IN_FLIGHT", default=1000)
"""Requests that one process works on at once, streams among them."""
PLEXUS_SHED_LAG_MS = env.checked(
    "PLEXUS_SHED_LAG_MS",
    int,
    default="250",
    wanted="a whole number of at least 0",
    accept=lambda value: value >= 0,
)
"""How late the event loop may be for 2 s before new requests are refused. 0: however late."""
PLEXUS_HEADER_TIMEOUT_SECONDS = env.positive("PLEXUS_HEADER_TIMEOUT_SECONDS", default=15.0)
PLEXUS_BODY_TIMEOUT_SECONDS = env.positive("PLEXUS_BODY_TIMEOUT_SECONDS", default=30.0)
PLEXUS_CLIENT_STALL_SECONDS = env.positive("PLEXUS_CLIENT_STALL_SECONDS", default=120.0)
"""How long a client may take nothing of what it is sent, or vanish without a word."""

# How fast a change spreads, how history is written and kept --------------------------------------

PLEXUS_TABLE_POLL_SECONDS = env.positive("PLEXUS_TABLE_POLL_SECONDS", default=0.5)
PLEXUS_HISTORY_BATCH_ROWS = env.count("PLEXUS_HISTORY_BATCH_ROWS", default=500)
PLEXUS_HISTORY_FLUSH_SECONDS = env.positive("PLEXUS_HISTORY_FLUSH_SECONDS", default=0.2)
PLEXUS_HISTORY_RETENTION_DAYS = env.count("PLEXUS_HISTORY_RETENTION_DAYS", default=90)
PLEXUS_JOURNAL_SYNC = env.one_of("PLEXUS_JOURNAL_SYNC", ["SECOND", "LINE"], default="SECOND")
"""When the disk must have what is written: within a second, or before the request goes on."""
PLEXUS_JOURNAL_STRICT = env.bool("PLEXUS_JOURNAL_STRICT", default=False)
"""Rather refuse a request than serve one that cannot be recorded."""
PLEXUS_JOURNAL_MAX_BYTES = env.count("PLEXUS_JOURNAL_MAX_BYTES", default=1024**3)
PLEXUS_JOURNAL_KEEP_HOURS = env.positive("PLEXUS_JOURNAL_KEEP_HOURS", default=24.0)
PLEXUS_DRAIN_SECONDS = env.count("PLEXUS_DRAIN_SECONDS", default=30)
PLEXUS_METRICS_TOKEN = env.str("PLEXUS_METRICS_TOKEN", default="")
"""Whoever has it may read /metrics; without one, this machine alone."""
PLEXUS_LOG_LEVEL = env.one_of("PLEXUS_LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"], default="INFO")

# Django ------------------------------------------------------------------------------------------

DEBUG = False
ALLOWED_HOSTS = env.each(
    "PLEXUS_ALLOWED_HOSTS",
    is_host,
    default="localhost,127.0.0.1,[::1]",
    wanted="host names without scheme, port or path, such as plexus.example.com, separated by commas",
)
CSRF_TRUSTED_ORIGINS = env.each(
    "PLEXUS_CSRF_TRUSTED_ORIGINS",
    is_origin,
    default="",
    wanted="origins with their scheme and nothing after the host, such as https://plexus.example.com, separated by commas",
)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("PLEXUS_SECURE_COOKIES", default=False)
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "plexus_site.refusals.form_refused"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if SESSION_COOKIE_SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "gateway",
    "routing",
    "providers",
    "history",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gateway.audit.middleware.ActingMiddleware",
    "plexus_site.refusals.RefusalMiddleware",
    "gateway.admin.busy.BusyMiddleware",
    "gateway.admin.nul.NoNulMiddleware",
]
"""For the admin's door only. The gateway's paths have their own handler with none of these: gateway/asgi.py."""

ROOT_URLCONF = "plexus_site.urls"
ASGI_APPLICATION = "plexus_site.asgi.application"
WSGI_APPLICATION = "plexus_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Django's own cache only holds what a process may forget; the routing table has a store of its own (routing/store.py).
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "plexus_site.formats"

STATIC_URL = "/static/"
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = PLEXUS_MAX_REQUEST_BYTES

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "gateway.api.openapi.ApiSchema",
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Plexus",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["gateway.api.openapi.finished"],
}
"""The REST API's description: gateway/api/openapi.py."""

# Celery ------------------------------------------------------------------------------------------

CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
if CELERY_BROKER_URL == "filesystem://localhost":
    CELERY_BROKER_TRANSPORT = "history.embedded.folder:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "folder": str(DATA_DIR / "tasks"),
        "polling_interval": 0.25,
        "body_encoding": "utf-8",  # kombu's default is base64
    }
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # it needs an answer from many, which a folder cannot carry
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 0.3, "socket_timeout": 1.0, "max_retries": 0}
CELERY_BEAT_SCHEDULE = {
    "make-pieces-ahead": {"task": "history.tasks.make_pieces_ahead", "schedule": 3600.0},
    "forget-old-history": {"task": "history.tasks.forget_old_history", "schedule": 3600.0},
    "find-changes-from-outside": {
        "task": "gateway.tasks.find_changes_from_outside",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    # Looks that no worker took in time are no use: they must not pile up.
    "probe-upstreams": {"task": "gateway.tasks.probe_upstreams", "schedule": 10.0, "options": {"expires": 10.0}},
}

# Logging: facts go to history; logs are what an operator must act on ------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {
        "one_line": {"()": "plexus_site.refused_host.OneLine"},
        "no_traceback": {"()": "plexus_site.refused_page.NoTraceback"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        **{room: {"level": PLEXUS_LOG_LEVEL} for room in ("gateway", "routing", "providers", "history")},
        "django.request": {"filters": ["no_traceback"]},
        "django.security.DisallowedHost": {"filters": ["one_line"]},
        "uvicorn.error": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
    },
}

UNKNOWN_VARIABLES = unknown(os.environ, env.asked)
"""Variables that look like settings and were not asked for above -> the setting that is meant. gateway/checks.py says so."""

# Last, since both read what stands above: the tasks' application, and the look of the admin.
from plexus_site import celery  # noqa: E402, F401
from plexus_site.unfold import UNFOLD  # noqa: E402, F401
