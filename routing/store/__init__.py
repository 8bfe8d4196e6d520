"""EDGE: the routing table of this process, compiled from the database and shared through Redis."""

from routing import table as tables
from routing.snapshot import Snapshot
from routing.store.compiling import compile_table
from routing.store.upstreams import why_disabled
from routing.table import RoutingTable

__all__ = ["TABLE", "compile_table", "why_disabled"]

TABLE: Snapshot[RoutingTable] = Snapshot(
    subject="routing_table",
    compile=compile_table,
    encode=tables.encode,
    decode=tables.decode,
    empty=RoutingTable(version=-1),
)
