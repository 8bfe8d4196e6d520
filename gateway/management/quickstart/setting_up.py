"""Everything that a first run puts into the database, at once or not at all; on a later run, what has become missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from gateway.access.roles.store import make_roles
from gateway.audit.recording import recording
from gateway.management.author import author_of_command
from gateway.management.quickstart import accounts, demo_provider, examples, known
from providers.models import Provider
from routing.models import Alias


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made just now. Secrets are None where there were some already."""

    examples: bool
    password: str | None
    key: str | None


def is_first_run() -> bool:
    """Nothing is configured. Whoever deleted the examples and kept anything else does not get them back."""
    return not Provider.objects.exists() and not Alias.objects.exists()


def set_up(demo_url: str | None, wanted: Sequence[known.KnownProvider]) -> Made:
    """Make what is missing. `demo_url`: where the demo upstream stands, None to leave it. Raises CommandError."""
    is_first = is_first_run()
    try:
        with recording(author_of_command("quickstart")):
            make_roles()
            if demo_url is not None:
                _place_demo(demo_url, is_first)
            for provider in wanted:
                known.add(provider)
            return Made(examples=is_first, password=accounts.make_administrator(), key=accounts.make_client_key())
    except ValidationError as exc:
        raise CommandError(f"The examples cannot be set up. {' '.join(exc.messages)}") from exc


def _place_demo(demo_url: str, is_first: bool) -> None:
    if not is_first:
        demo_provider.move(demo_provider.endpoints(), demo_url)
        return
    demo_provider.add(demo_url)
    examples.add_all()


class OfferedBefore:
    """The names of the known providers that were offered once, in a file: a “no” is not asked for again."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "offered-providers"

    def names(self) -> list[str]:
        return self._file.read_text().split() if self._file.exists() else []

    def add(self, names: Sequence[str]) -> None:
        if names:
            self._file.write_text("\n".join(sorted({*self.names(), *names})) + "\n")
