"""Reading settings so that a wrong one is said in a sentence that names it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

T = TypeVar("T")


class Environment(environ.Env):  # type: ignore[misc]  # django-environ has no types
    """django-environ, with refusals an operator can act on."""

    @classmethod
    def load(cls, default_file: Path) -> "Environment":
        """Read the `.env` that PLEXUS_ENV_FILE names (empty: none); what the environment says goes first."""
        file = os.environ.get("PLEXUS_ENV_FILE", str(default_file))
        if file and Path(file).is_file():
            cls.read_env(file)
        return cls()

    def checked(
        self,
        name: str,
        read: Callable[[str], T],
        *,
        default: str,
        wanted: str,
        accept: Callable[[T], object] = lambda value: True,
    ) -> T:
        """Return `read(text)`. Raises ImproperlyConfigured naming the setting and what is `wanted`."""
        text = self.str(name, default=default)
        try:
            value = read(text)
            accepted = accept(value)
        except (ValueError, TypeError) as exc:
            raise ImproperlyConfigured(f"{name} must be {wanted}. {_sentence(exc)}") from exc
        if not accepted:
            raise ImproperlyConfigured(f"{name} must be {wanted}, not “{text}”.")
        return value

    def positive(self, name: str, *, default: float) -> float:
        """A number above 0, such as `2.5`."""
        return self.checked(
            name, float, default=str(default), wanted="a number above 0", accept=lambda value: 0 < value < 1e9
        )

    def count(self, name: str, *, default: int) -> int:
        """A whole number of at least 1."""
        return self.checked(
            name, int, default=str(default), wanted="a whole number of at least 1", accept=lambda value: value >= 1
        )

    def bool(self, name: str, default: bool = False) -> bool:
        """true/false, yes/no, on/off, 1/0."""
        words = {
            "true": True,
            "yes": True,
            "on": True,
            "1": True,
            "false": False,
            "no": False,
            "off": False,
            "0": False,
        }
        return self.checked(
            name,
            lambda text: words[text.lower()] if text.lower() in words else _wrong(text),
            default=str(default).lower(),
            accept=lambda value: True,
            wanted="true or false",
        )

    def one_of(self, name: str, choices: list[str], *, default: str) -> str:
        """One of `choices`, in any case."""
        return self.checked(
            name,
            str.upper,
            default=default,
            wanted=f"one of {', '.join(choices)}",
            accept=lambda value: value in choices,
        )

    def database(self, url: str) -> dict[str, Any]:  # Any: Django's own shape of a DATABASES entry
        """The DATABASES entry for DATABASE_URL, with what each engine needs to behave under load."""
        try:
            entry: dict[str, Any] = dict(self.db_url_config(url))
        except (ValueError, ImproperlyConfigured) as exc:
            raise ImproperlyConfigured(_DATABASE_WANTED) from exc
        engine = entry.get("ENGINE", "")
        if engine.endswith("sqlite3"):
            # Writers queue instead of failing; readers never wait for them.
            entry["OPTIONS"] = {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
            }
        elif engine.endswith("postgresql"):
            # Under ASGI a kept connection belongs to a thread that may never come back: keep none.
            entry["CONN_MAX_AGE"] = 0
            entry["OPTIONS"] = _bounded(entry.get("OPTIONS", {}))
        else:
            raise ImproperlyConfigured(_DATABASE_WANTED)
        return entry


SLOWEST_STATEMENT_SECONDS = 5
LONGEST_WAIT_FOR_A_LOCK_SECONDS = 2


def _bounded(options: dict[str, Any]) -> dict[str, Any]:  # Any: libpq's own parameters
    """Connection parameters under which nothing waits for PostgreSQL for ever. What the URL says goes first.

    A server whose host is gone is noticed by the kernel (tcp_user_timeout, keepalives); one that is merely slow cancels the
    statement itself. A frozen one keeps its connections and answers nothing: routing/snapshot/follower.py hangs up on it.
    """
    limits = {"statement_timeout": SLOWEST_STATEMENT_SECONDS, "lock_timeout": LONGEST_WAIT_FOR_A_LOCK_SECONDS}
    by_server = " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())
    return {
        "connect_timeout": 2,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        **options,
        "options": f"{by_server} {options.get('options', '')}".strip(),
    }


_DATABASE_WANTED = "DATABASE_URL must be postgres://user:password@host:5432/name or sqlite:////path/to/file.sqlite3."


def kept_secret(file: Path, make: Callable[[], str] = get_random_secret_key) -> str:
    """The secret in `file` (mode 0600), made on first use. Two processes that start at once agree on one."""
    if not file.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_name(f"{file.name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(make())
            try:
                os.link(draft, file)  # atomic: the first one wins, and nobody reads half a key
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        except OSError as exc:
            raise ImproperlyConfigured(
                f"PLEXUS_DATA_DIR ({file.parent}) cannot be written: {exc.strerror}. Set it to a folder that can."
            ) from exc
    return file.read_text().strip()


def _wrong(text: str) -> bool:
    raise ValueError(f"“{text}” is neither.")


def _sentence(exc: Exception) -> str:
    text = str(exc).strip()
    return text if text.endswith(".") else f"{text}."
