#!/usr/bin/env python3
"""Django's entry point. Where Django is missing, plexus_site/bootstrap.py first makes an environment beside this file."""

import os
import sys

OLDEST_PYTHON = (3, 11)


def main() -> None:
    """Run one command. A set-up that failed and a wrong setting are one sentence each, never a traceback."""
    # Before any import of ours: they use syntax that an older Python cannot read.
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"Plexus needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. "
            "Run it with a newer one, such as `python3.11 manage.py`."
        )
    from plexus_site import bootstrap

    try:
        bootstrap.ensure_environment(sys.argv)
    except bootstrap.SetupFailed as failure:
        sys.exit(str(failure))
    run_django()


def run_django() -> None:
    """Hand the command to Django."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from plexus_site import bootstrap, first_run

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plexus_site.settings")
    first_run.prepare(sys.argv, os.environ, bootstrap.ROOT)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        sys.exit(f"Plexus cannot start: {wrong}")
    except Exception as failure:
        from gateway.management.database import what_is_wrong

        sentence = None if "--traceback" in sys.argv else what_is_wrong(failure, migrates="migrate" in sys.argv[1:2])
        if sentence is None:
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # 128 + SIGINT, as a shell expects
