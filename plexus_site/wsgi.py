"""The admin for a WSGI server. The gateway needs ASGI: see asgi.py."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plexus_site.settings")

application = get_wsgi_application()
