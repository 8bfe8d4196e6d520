"""Nothing waits for PostgreSQL for ever."""

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from plexus_site.environment import Environment

URL = "postgres://plexus:secret@db.example.com/plexus"


def test_every_connection_has_its_limits() -> None:
    options = Environment().database(URL)["OPTIONS"]

    assert options["connect_timeout"] == 2
    assert options["tcp_user_timeout"] == 10_000
    assert options["options"] == "-c statement_timeout=5s -c lock_timeout=2s"


def test_what_the_url_says_goes_first() -> None:
    options = Environment().database(f"{URL}?connect_timeout=7&options=-c%20statement_timeout%3D9s")["OPTIONS"]

    assert options["connect_timeout"] in (7, "7")
    assert options["options"].endswith("-c statement_timeout=9s")


def test_another_engine_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        Environment().database("mysql://db.example.com/plexus")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_the_server_heeds_them(test_database_url: str) -> None:
    options = Environment().database(test_database_url)["OPTIONS"]

    with psycopg.connect(test_database_url, options=options["options"]) as own:
        limits = own.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')").fetchone()

    assert limits == ("5s", "2s")
