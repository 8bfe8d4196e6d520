"""`manage.py create_key`: a new client key, shown once."""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone

from gateway.audit.recording import recording
from gateway.management.author import author_of_command
from gateway.models import ClientKey
from providers.models import ProviderModel
from routing.models import Alias

LONGEST_DAYS = 36_500


class Command(BaseCommand):
    help = "Makes a client key and prints it, alone on the last line. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="who uses it, for instance “billing service, production”")
        parser.add_argument(
            "--alias",
            action="append",
            default=[],
            metavar="A",
            help="an alias that it may use, and no others; repeat it",
        )
        parser.add_argument(
            "--model", action="append", default=[], metavar="P/M", help="a provider/model that it may ask for directly"
        )
        parser.add_argument("--owner", metavar="USER", help="the user it belongs to")
        parser.add_argument("--expires-days", type=days, metavar="N", help="the days until it expires (default: never)")

    def handle(self, *args: Any, **options: Any) -> None:
        with recording(author_of_command("create_key")):
            aliases = [alias_called(name) for name in options["alias"]]
            models = [model_called(name) for name in options["model"]]
            key = ClientKey(name=options["name"].strip(), owner=user_called(options["owner"]))
            if aliases or models:
                key.access = ClientKey.Access.LISTED
            if options["expires_days"] is not None:
                key.expires_at = timezone.now() + timedelta(days=options["expires_days"])
            secret = saved(key)
            key.allowed_aliases.set(aliases)
            key.allowed_models.set(models)
        names = ", ".join(map(str, [*aliases, *models])) or "every model"
        until = f" until {key.expires_at:%Y-%m-%d}" if key.expires_at else ""
        self.stdout.write(f"“{key}” may use {names}{until}. This is its key, shown this once:")
        self.stdout.write(secret)


def days(text: str) -> int:
    """A number of days for argparse. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= LONGEST_DAYS):
        raise ArgumentTypeError(f"Expected a whole number from 1 to {LONGEST_DAYS}, not “{text}”.")
    return int(text)


def alias_called(name: str) -> Alias:
    """The alias of this name or synonym. Raises CommandError."""
    alias = Alias.objects.filter(Q(name=name) | Q(synonyms__name=name)).first()
    if alias is None:
        raise CommandError(f"There is no alias “{name}”. Names are case-sensitive; no key was made.")
    return alias


def model_called(name: str) -> ProviderModel:
    """The model of this provider/model name. Raises CommandError."""
    provider, _, model = name.partition("/")
    found = ProviderModel.objects.filter(provider__name=provider, name=model).select_related("provider").first()
    if found is None:
        raise CommandError(f"There is no model “{name}”. Write it as provider/model; no key was made.")
    return found


def user_called(name: str | None) -> User | None:
    """The user of this name; None without a name. Raises CommandError."""
    if name is None:
        return None
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user “{name}”; no key was made.")
    return user


def saved(key: ClientKey) -> str:
    """The secret of the key, which is stored now. Raises CommandError."""
    secret = key.make()
    try:
        key.full_clean()
    except ValidationError as exc:
        said = [f"{name}: {' '.join(messages)}" for name, messages in exc.message_dict.items()]
        raise CommandError(f"{' '.join(said)} No key was made.") from exc
    key.save()
    return secret
