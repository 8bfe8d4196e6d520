from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from history.management import sample_traffic
from history.management.commands.measure_history import pages
from history.models import AttemptLog, RequestLog, TargetStat
from tests.history.exchanges import NOON

needs_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="measures PostgreSQL")


@pytest.mark.skipif(connection.vendor == "postgresql", reason="about every other database")
def test_it_says_what_it_needs() -> None:
    with pytest.raises(CommandError, match="DATABASE_URL names none"):
        call_command("measure_history", rows=10, stdout=StringIO())


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_made_up_traffic_fills_all_tables_and_every_page_has_something_to_show() -> None:
    sample_traffic.fill(2_000, until=NOON)

    assert RequestLog.objects.count() == 2_000
    assert AttemptLog.objects.count() == RequestLog.objects.exclude(outcome="refused").count()
    assert set(TargetStat.objects.values_list("resolution", flat=True)) == {"hour", "minute"}
    assert len(pages()) > 20
