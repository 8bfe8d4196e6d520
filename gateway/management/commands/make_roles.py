"""`manage.py make_roles`: the groups of the roles, where they are missing or lack a permission."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from gateway.access.roles import ROLES
from gateway.access.roles.store import make_roles


class Command(BaseCommand):
    help = f"Makes the groups {', '.join(ROLES)}, and gives each the permissions it lacks. Takes nothing away."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            done = make_roles()
        for line in done or ["Nothing to do: every role has its permissions."]:
            self.stdout.write(line)
