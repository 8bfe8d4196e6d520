"""`manage.py create_api_token`: a token for the REST API, shown once."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from gateway.api.models import ApiToken
from gateway.audit.events import Event, note_event
from gateway.management.author import author_of_command
from gateway.management.commands.create_key import days


class Command(BaseCommand):
    help = "Makes a token for the REST API and prints it, alone on the last line. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER", help="in whose name it asks; it may never do more than this user")
        parser.add_argument("name", metavar="NAME", help="what uses it, for instance “deployment pipeline”")
        parser.add_argument("--write", action="store_true", help="it may also change what the user may change")
        parser.add_argument("--expires-days", type=days, metavar="N", help="the days until it expires (default: never)")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user “{options['user']}”; no token was made.")
        scope = ApiToken.Scope.USER if options["write"] else ApiToken.Scope.READ
        token = ApiToken(user=user, name=options["name"].strip(), scope=scope)
        if options["expires_days"] is not None:
            token.expires_at = timezone.now() + timedelta(days=options["expires_days"])
        secret = token.make()
        try:
            token.full_clean()
        except ValidationError as exc:
            said = [f"{name}: {' '.join(messages)}" for name, messages in exc.message_dict.items()]
            raise CommandError(f"{' '.join(said)} No token was made.") from exc
        token.save()
        note_event(Event.TOKEN_MADE, f"{token} of {user}", author_of_command("create_api_token"), {"scope": scope})
        until = f" until {token.expires_at:%Y-%m-%d}" if token.expires_at else ""
        may = "may do whatever this user may" if token.may_write else "may read"
        self.stdout.write(f"“{token}” asks as {options['user']} and {may}{until}. This is the token, shown this once:")
        self.stdout.write(secret)
