"""`python -m tests`: pytest, as `manage.py test` starts it. Unlike pytest's own, Ctrl-C while it loads prints no traceback."""

import sys

if __name__ == "__main__":
    try:
        import pytest

        sys.exit(pytest.main())
    except KeyboardInterrupt:
        sys.exit(130)
