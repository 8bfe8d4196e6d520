"""Other processes of the same gateway, as far as the routing table goes: each has a copy of its own. And a restored backup."""

from routing import table as tables
from routing.models import Alias, ClaimedName, ConfigurationVersion
from routing.snapshot import Snapshot
from routing.store import compile_table
from routing.table import RoutingTable


def a_process_that_just_began() -> Snapshot[RoutingTable]:
    """It knows nothing yet."""
    return Snapshot(
        subject="routing_table",
        compile=compile_table,
        encode=tables.encode,
        decode=tables.decode,
        empty=RoutingTable(version=-1),
    )


def another_process() -> Snapshot[RoutingTable]:
    """It knows what there is now."""
    process = a_process_that_just_began()
    process.catch_up()
    return process


def a_process_that_cannot_compile() -> Snapshot[RoutingTable]:
    """It can only take a table that another process compiled."""

    def refuse(version: int) -> RoutingTable:
        raise AssertionError(f"Version {version} was compiled from the database.")

    return Snapshot(
        subject="routing_table",
        compile=refuse,
        encode=tables.encode,
        decode=tables.decode,
        empty=RoutingTable(version=-1),
    )


def put_back(version: int, *, without: Alias) -> None:
    """Restore a backup: rows and versions are old, and no signal is sent."""
    ClaimedName.objects.filter(alias=without).delete()
    Alias.objects.filter(pk=without.pk)._raw_delete("default")  # past the signals
    ConfigurationVersion.objects.filter(subject="routing_table").update(number=version)
