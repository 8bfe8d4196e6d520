"""Something compiled from the database that every process keeps in memory, whole, and replaces whole.

held        the value of this process, and how a newer one takes its place
redis_copy  the same value in Redis: one process compiles, the others take it
disk_copy   the last value of this machine: what a process starts with while database and Redis are down
seal        both copies are signed: whoever can write to Redis or to the disk cannot add a key or a provider
follower    the thread that looks for a newer value
"""

from routing.snapshot.follower import Follower
from routing.snapshot.held import Snapshot, Source, Versioned
from routing.snapshot.retired import PAUSE_SECONDS

__all__ = ["PAUSE_SECONDS", "Follower", "Snapshot", "Source", "Versioned"]
