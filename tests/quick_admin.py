"""What each of many hundred tests would otherwise do again before it sees a page of the admin: the same work, done less often."""

from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from servestatic.middleware import ServeStaticMiddleware


class QuickHasher(PBKDF2PasswordHasher):
    """Django's own, with a thousandth of its turns: passwords of tests are no secrets, and each took 0.2 s to hash."""

    iterations = 1_000


class StaticFilesFoundOnce(ServeStaticMiddleware):  # type: ignore[misc]  # servestatic's class has no types that are exported
    """The product's, which looks through all static files when it is made. Django's test client makes a new one for each test."""

    files: dict[str, Any]  # Any: servestatic's StaticFile or Redirect
    _found: dict[str, Any] = {}

    def add_files_from_finders(self) -> None:
        """As before; what the first one has found is shared by all that follow, as the settings and the files are."""
        if not self._found:
            super().add_files_from_finders()
            self._found.update(self.files)
        self.files = self._found
