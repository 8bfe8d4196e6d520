"""The database itself raises the versions: what no signal tells is used all the same, in this process and in others."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Model

from gateway.access.store import KEYS
from gateway.models import ClientKey
from providers.models import Endpoint, Provider, ProviderModel, hold_configuration
from routing.models import (
    Alias,
    ConfigurationVersion,
    CustomRoute,
    PatternAlias,
    ProviderAlias,
    Synonym,
    Target,
)
from routing.snapshot import Follower
from routing.store import TABLE
from tests.gateways import eventually, saved
from tests.routing.rows import a_model, an_alias

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_start")]

IN_THE_TABLE: list[type[Model]] = [
    *(Provider, Endpoint, ProviderModel, Alias, Synonym, Target),
    *(PatternAlias, ProviderAlias, CustomRoute),
]
IN_THE_KEYS: list[type[Model]] = [*(ClientKey, ClientKey.allowed_aliases.through, ClientKey.allowed_models.through)]


def version(subject: str) -> int:
    return ConfigurationVersion.objects.filter(subject=subject).values_list("number", flat=True).first() or 0


@pytest.fixture
def everything() -> ClientKey:
    """A row in every table of configuration."""
    model = a_model()
    key = ClientKey(name="billing")
    key.make()
    saved(key)
    alias = an_alias("fast", model, synonyms=("quick",))
    saved(PatternAlias(pattern="gpt-*", to_alias=alias))
    saved(ProviderAlias(provider=model.provider, name="fast", model=model.name))
    saved(CustomRoute(path="/openai", provider=model.provider))
    key.allowed_aliases.add(alias)
    key.allowed_models.add(model)
    return key


@pytest.mark.parametrize(
    ("model", "subject"),
    [(model, "routing_table") for model in IN_THE_TABLE] + [(model, "client_keys") for model in IN_THE_KEYS],
    ids=lambda value: value if isinstance(value, str) else value._meta.db_table,
)
def test_an_update_that_sends_no_signal_raises_the_version(
    everything: ClientKey, model: type[Model], subject: str
) -> None:
    """Fails also when a migration has remade the table on SQLite: it must end with `create_triggers` for it."""
    before = version(subject)

    assert model._default_manager.update(id=F("id")) == 1

    assert version(subject) > before


def test_so_do_bulk_inserts_deletes_and_raw_sql(everything: ClientKey) -> None:
    seen = [version("routing_table")]

    def by_hand() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE routing_alias SET description = 'by hand'")

    changes: list[Callable[[], object]] = [
        lambda: Alias.objects.bulk_create([Alias(name=f"bulk-{number}") for number in range(3)]),
        lambda: Alias.objects.bulk_create([Alias(id=1_000, name="bulk-0")], ignore_conflicts=True),
        lambda: Alias.objects.bulk_update([Alias.objects.get(name="bulk-1")], ["name"]),
        lambda: Alias.objects.filter(name="bulk-1")._raw_delete("default"),
        by_hand,
    ]
    for change in changes:
        change()
        seen.append(version("routing_table"))

    assert len(set(seen)) >= len(seen) - 1  # what was ignored need not count
    assert seen == sorted(seen)


def test_so_does_loaddata(everything: ClientKey, tmp_path: Path) -> None:
    file = tmp_path / "aliases.json"
    call_command("dumpdata", "routing.alias", output=str(file))
    before = version("routing_table")

    call_command("loaddata", str(file), stdout=StringIO())

    assert version("routing_table") > before


def test_what_is_rolled_back_raises_nothing(everything: ClientKey) -> None:
    before = version("routing_table")

    with transaction.atomic():
        Alias.objects.update(description="never")
        transaction.set_rollback(True)

    assert version("routing_table") == before


def test_a_version_is_never_given_twice_even_after_the_row_is_lost(everything: ClientKey) -> None:
    before = version("routing_table")
    ConfigurationVersion.objects.all().delete()
    time.sleep(1.1)  # SQLite counts in seconds

    Alias.objects.update(description="after")

    assert version("routing_table") > before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway")
def test_writers_who_ask_nobody_wait_for_their_turn(everything: ClientKey) -> None:
    done = threading.Event()

    def update() -> None:
        Alias.objects.update(description="in turn")
        done.set()
        connection.close()

    writer = threading.Thread(target=update, daemon=True)
    with transaction.atomic():
        hold_configuration()
        writer.start()
        assert not done.wait(0.3)

    assert done.wait(5)
    writer.join(5)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway")
def test_updates_of_two_tables_in_opposite_order_never_lock_each_other_out(everything: ClientKey) -> None:
    failures: list[Exception] = []

    def both(first: type[Model], second: type[Model]) -> None:
        try:
            for _ in range(20):
                with transaction.atomic():
                    first._default_manager.update(id=F("id"))
                    second._default_manager.update(id=F("id"))
        except Exception as exc:  # noqa: BLE001  whatever it is, the test judges it
            failures.append(exc)
        finally:
            connection.close()

    writers = [threading.Thread(target=both, args=pair) for pair in ((Alias, ClientKey), (ClientKey, Alias))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(20)

    assert failures == []


# Another process writes, this one follows


@pytest.fixture
def following(everything: ClientKey) -> Iterator[None]:
    """This process looks for changes, as a gateway does."""
    follower = Follower([TABLE, KEYS], every_seconds=lambda: django_settings.PLEXUS_TABLE_POLL_SECONDS)
    follower.start()
    yield
    follower.stop()


@pytest.fixture
def elsewhere(test_database_url: str) -> Iterator[Callable[[str], None]]:
    """A Python process on the same database; runs the lines it is given, and says when each is done."""
    program = (
        "import sys, django; django.setup()\n"
        "from django.db import connection\n"
        "from routing.models import *; from gateway.models import *; from providers.models import *\n"
        "for line in sys.stdin:\n    exec(line); print('done', flush=True)\n"
    )
    environ = {**os.environ, "DATABASE_URL": test_database_url, "DJANGO_SETTINGS_MODULE": "plexus_site.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=django_settings.BASE_DIR, env=environ, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip

        def run(line: str) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        run("pass")
        yield run
        process.terminate()


def seconds_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    eventually(holds, seconds=5)
    return time.monotonic() - began


def test_whatever_another_process_writes_is_used_here_within_a_second(
    following: None, elsewhere: Callable[[str], None]
) -> None:
    took = {}

    elsewhere("Alias.objects.filter(name='fast').update(description='by update')")
    took["update"] = seconds_until(lambda: TABLE.current.routes["fast"].description == "by update")
    elsewhere("Alias.objects.bulk_create([Alias(name='bulk')])")
    took["bulk"] = seconds_until(lambda: "bulk" in TABLE.current.routes)
    elsewhere("connection.cursor().execute(\"UPDATE routing_alias SET name = 'raw' WHERE name = 'bulk'\")")
    took["raw SQL"] = seconds_until(lambda: "raw" in TABLE.current.routes)
    elsewhere("Alias.objects.filter(name='raw')._raw_delete('default')")
    took["delete"] = seconds_until(lambda: "raw" not in TABLE.current.routes)
    elsewhere("ClientKey.objects.update(enabled=False)")
    took["a key"] = seconds_until(lambda: not any(caller.enabled for caller in KEYS.current.callers.values()))

    assert max(took.values()) < 1, took
