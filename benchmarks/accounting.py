"""What a process tree has cost: CPU time, memory, threads, as Linux accounts for them.

CPU time is user and system together, from each process's own CPU clock: nanoseconds, threads that have ended included. The
ticks of /proc/PID/stat say the same, in steps of 10 ms, which is too coarse for the lighter loads.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
CPUCLOCK_SCHED = 2
QUIET_SHARE = 0.05
"""A tree is quiet when it uses less of one core than this."""
LOOK_EVERY_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """CPU time of a process tree since it began, in nanoseconds."""

    all_ns: int
    main_thread_ns: int
    """Of the root's main thread alone: where a Python server's event loop runs."""

    def __sub__(self, earlier: Spent) -> Spent:
        return Spent(all_ns=self.all_ns - earlier.all_ns, main_thread_ns=self.main_thread_ns - earlier.main_thread_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a process tree holds now."""

    kib: int
    """Proportional set size where /proc shows it, so that shared pages count once; else resident set size."""
    resident_kib: int
    """Resident set size: shared pages count in each process."""
    descriptors: int
    threads: int
    processes: int


def tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    found = [root]
    for thread in _threads(root):
        children = _text(PROC / str(root) / "task" / str(thread) / "children")
        for child in children.split():
            found += tree(int(child))
    return found


def spent(root: int) -> Spent:
    """CPU time of the tree so far."""
    return Spent(all_ns=sum(map(process_ns, tree(root))), main_thread_ns=_main_thread_ns(root))


def held(root: int) -> Held:
    """Memory and threads of the tree now."""
    processes = tree(root)
    threads = sum(len(list(_threads(process))) for process in processes)
    return Held(
        kib=sum(map(_kib, processes)),
        resident_kib=sum(_field_kib(process, "status", "VmRSS:") for process in processes),
        descriptors=sum(map(_descriptors, processes)),
        threads=threads,
        processes=len(processes),
    )


def wait_until_quiet(root: int, longest_seconds: float) -> bool:
    """Wait until the tree has done what a load left it to do. False if it is still busy then."""
    until = time.monotonic() + longest_seconds
    while time.monotonic() < until:
        before, began_ns = spent(root).all_ns, time.monotonic_ns()
        time.sleep(LOOK_EVERY_SECONDS)
        if spent(root).all_ns - before < (time.monotonic_ns() - began_ns) * QUIET_SHARE:
            return True
    return False


def process_ns(process: int) -> int:
    """CPU time of one process. 0 once it has ended.

    The number of a process's clock is what the C library's clock_getcpuclockid(3) makes of its id; Python has no name for it.
    """
    try:
        return time.clock_gettime_ns(~process << 3 | CPUCLOCK_SCHED)
    except OSError:
        return 0


def has_ended(process: int) -> bool:
    """Whether it is gone, or only waits for somebody to take note of that."""
    return _stat(process)[:1] in ([], ["Z"], ["X"])


def _main_thread_ns(process: int) -> int:
    # /proc/PID/schedstat is the main thread's; a kernel without it leaves the ticks, for the whole process.
    schedstat = _text(PROC / str(process) / "task" / str(process) / "schedstat")
    if schedstat:
        return int(schedstat.split()[0])
    fields = _stat(process)
    return (int(fields[11]) + int(fields[12])) * TICK_NS if fields else 0


def _stat(process: int) -> list[str]:
    """From the state on. The name that stands before may hold spaces and brackets of any kind."""
    return _text(PROC / str(process) / "stat").rpartition(")")[2].split()


def _kib(process: int) -> int:
    return _field_kib(process, "smaps_rollup", "Pss:") or _field_kib(process, "status", "VmRSS:")


def _field_kib(process: int, name: str, field: str) -> int:
    for line in _text(PROC / str(process) / name).splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    return 0


def _descriptors(process: int) -> int:
    try:
        return len(list((PROC / str(process) / "fd").iterdir()))
    except OSError:
        return 0  # it has ended meanwhile, or is not shown to us


def _threads(process: int) -> Iterator[int]:
    try:
        yield from [int(thread.name) for thread in (PROC / str(process) / "task").iterdir()]
    except OSError:
        return  # it has ended meanwhile


def _text(path: Path) -> str:
    """Empty for what has ended meanwhile, or is not shown to us."""
    try:
        return path.read_text()
    except OSError:
        return ""
