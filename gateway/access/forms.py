"""The form to log in with: after a few wrong passwords a name is refused for a while, from where they came."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.utils import timezone

from gateway.audit.events import Event
from gateway.audit.models import AuditEvent
from gateway.audit.signals import SOMEBODY, note_refused_login

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm

MOST_FAILURES = 5
WITHIN = timedelta(minutes=15)


class LoginForm(AuthenticationForm):
    """Says the same of a wrong password, of a name that nobody has, and of too many tries: nothing is learned from it."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not open the admin. Both may be case-sensitive. "
        f"After {MOST_FAILURES} wrong tries a name is refused for {WITHIN.seconds // 60} minutes from where they came.",
    }

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username", "")
        address = self.request.META.get("REMOTE_ADDR", "") if self.request is not None else ""
        if has_failed_too_often(name, address):
            note_refused_login(Event.LOGIN_LOCKED_OUT, name, self.request)
            raise self.get_invalid_login_error()
        return super().clean()


def has_failed_too_often(name: str, address: str) -> bool:
    """By name and address together: nobody is locked out by what somebody else does elsewhere.

    All names that nobody has count as one, as they are recorded.
    """
    subject = name if User.objects.filter(username=name).exists() else SOMEBODY
    lately = AuditEvent.objects.filter(subject=subject, address=address, at__gt=timezone.now() - WITHIN)
    if last_login := lately.filter(kind=Event.LOGIN).order_by("-id").first():
        lately = lately.filter(id__gt=last_login.pk)
    return lately.filter(kind=Event.LOGIN_FAILED)[:MOST_FAILURES].count() >= MOST_FAILURES
