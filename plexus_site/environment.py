"""Reading settings so that a wrong one is said in a sentence that names it."""

import os
import re
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

T = TypeVar("T")


class Environment(environ.Env):  # type: ignore[misc]  # django-environ has no types
    """django-environ, with refusals an operator can act on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()
        """The names that were asked for: all settings that there are, once they are read."""

    @classmethod
    def load(cls, default_file: Path) -> "Environment":
        """Read the `.env` that PLEXUS_ENV_FILE names (empty: none); what the environment says goes first.

        Raises ImproperlyConfigured when the named file, or a default one that is there, cannot be read.
        """
        named = os.environ.get("PLEXUS_ENV_FILE")
        if named:
            cls._read(Path(named), "PLEXUS_ENV_FILE names another file, or none at all when it is empty.")
        elif named is None and default_file.exists():
            cls._read(default_file, "Let this user read it, or name another one in PLEXUS_ENV_FILE.")
        return cls()

    @classmethod
    def _read(cls, file: Path, cure: str) -> None:
        try:
            with file.open(encoding="utf-8") as text:
                cls.read_env(text)
        except (OSError, UnicodeDecodeError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
            raise ImproperlyConfigured(f"The settings in {file} cannot be read: {reason}. {cure}") from exc

    def get_value(
        self,
        var: str,
        cast: Any = None,  # Any: whatever django-environ casts to, here and in the answer
        default: Any = environ.Env.NOTSET,
        parse_default: object = False,
    ) -> Any:
        """django-environ's, without its proxies: there `$NAME` is the value of NAME, and a password that begins so is lost."""
        self.asked.add(var)
        if var not in self.ENVIRON:
            return super().get_value(var, cast=cast, default=default, parse_default=parse_default)
        return self.parse_value(self.ENVIRON[var], cast)

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
        return self.checked(name, _truth, default=str(default).lower(), wanted="true or false")

    def one_of(self, name: str, choices: list[str], *, default: str) -> str:
        """One of `choices`, in any case."""
        return self.checked(
            name,
            str.upper,
            default=default,
            wanted=f"one of {', '.join(choices)}",
            accept=lambda value: value in choices,
        )

    def secret(self, name: str) -> str:
        """At least LEAST_SECRET_CHARACTERS, or "" where it is not set. What is said of it does not show it."""
        text: str = self.str(name, default="")
        if text and len(text) < LEAST_SECRET_CHARACTERS:
            raise ImproperlyConfigured(
                f"{name} must have at least {LEAST_SECRET_CHARACTERS} characters, and has {len(text)}. Make one with "
                "`python3 -c 'import secrets; print(secrets.token_urlsafe(50))'`."
            )
        return text

    def each(self, name: str, accept: Callable[[str], object], *, default: str, wanted: str) -> list[str]:
        """Words separated by commas, each of which `accept` takes."""
        words = [word.strip() for word in self.str(name, default=default).split(",") if word.strip()]
        for word in words:
            if not accept(word):
                raise ImproperlyConfigured(f"{name} must be {wanted}, not “{word}”.")
        return words

    def servers(self, name: str, schemes: Collection[str], *, default: str, example: str) -> str:
        """The URL of a server, or several separated by semicolons; "" for none. What is said of it shows no password."""
        urls: str = self.str(name, default=default)
        if not all(_is_server(url, schemes) for url in urls.split(";") if urls):
            begins = ", ".join(f"{scheme}://" for scheme in schemes)
            raise ImproperlyConfigured(f"{name} must be a URL such as {example}; it may begin with {begins}. {_PORTS}")
        return urls

    def database(self, url: str) -> dict[str, Any]:  # Any: Django's own shape of a DATABASES entry
        """The DATABASES entry for DATABASE_URL, with what each engine needs to behave under load."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # django-environ's, of what is refused below
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


LEAST_SECRET_CHARACTERS = 32
_HOST = re.compile(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE)
_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_PORTS = "A port is a number from 1 to 65535."
_DATABASE_WANTED = (
    "DATABASE_URL must be postgres://user:password@host:5432/name or sqlite:////path/to/file.sqlite3. " + _PORTS
)


def is_host(text: str) -> bool:
    """Whether Django's ALLOWED_HOSTS can hold it and ever match: no scheme, port or path; `.a.b` is a.b and all below it."""
    return _HOST.fullmatch(text) is not None


def is_origin(text: str) -> bool:
    """Whether it is a scheme and a host, with a port if need be; `https://*.a.b` is all below a.b."""
    try:
        parts = urlsplit(text)
        port_is_possible = parts.port != 0
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and port_is_possible
        and text == f"{parts.scheme}://{parts.netloc}"
        and bool(parts.hostname)
        and parts.username is None
    )


def kept_secret(file: Path, make: Callable[[], str] = get_random_secret_key) -> str:
    """The secret in `file` (mode 0600), made on first use. Two processes that start at once agree on one."""
    if not file.exists():
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _truth(text: str) -> bool:
    """Raises ValueError."""
    if text.lower() not in _TRUTHS:
        raise ValueError(f"“{text}” is neither.")
    return _TRUTHS[text.lower()]


def _is_server(url: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.netloc or parts.path
        return parts.scheme in schemes and bool(named) and parts.port != 0  # above 65535 it raises
    except ValueError:
        return False


def _sentence(exc: Exception) -> str:
    text = str(exc).strip()
    return text if text.endswith(".") else f"{text}."
