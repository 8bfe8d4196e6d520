"""What a serving process holds at one moment: asked of the kernel, and of its own /metrics."""

from __future__ import annotations

import http.client
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields

from prometheus_client.parser import text_string_to_metric_families

from benchmarks import accounting
from benchmarks.failures import CannotMeasure
from benchmarks.processes import Server

ANSWER_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Of one process."""

    at_seconds: float
    """Since the watch began."""
    requests: int
    """That have ended since the process began."""
    pss_kib: int
    """Proportional set size where the kernel shows it."""
    rss_kib: int
    """Resident set size."""
    descriptors: int
    """Without those of idle connections to upstreams, which are kept for a while and closed then."""
    threads: int
    tasks: int
    in_flight: int
    slots: int
    """Connections to upstreams that are in use."""
    idle: int
    """Connections to upstreams that are kept for the next request."""
    pending: int
    """Records of the history that are not in the database yet."""

    @property
    def is_at_rest(self) -> bool:
        """Nothing is going on, and nothing is left to write."""
        return not (self.in_flight or self.slots or self.pending)

    @classmethod
    def names(cls) -> list[str]:
        return [field.name for field in fields(cls)]


class Watch:
    """Of one server, from now on."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.began = time.monotonic()

    def look(self) -> Sample:
        """Raises CannotMeasure if it does not answer."""
        told = self.told()
        held = accounting.held(self.server.pid)
        idle = int(told["plexus_upstream_connections idle"])
        return Sample(
            at_seconds=round(time.monotonic() - self.began, 1),
            requests=int(told["plexus_requests_total"]),
            pss_kib=held.kib,
            rss_kib=held.resident_kib,
            descriptors=held.descriptors - idle,
            threads=held.threads,
            tasks=int(told["plexus_event_loop_tasks"]),
            in_flight=int(told["plexus_requests_in_flight"]),
            slots=int(told["plexus_upstream_connections in_use"]),
            idle=idle,
            pending=int(told["plexus_history_pending"]),
        )

    def look_at_rest(self, longest_seconds: float) -> Sample:
        """Once nothing goes on any more and the process is quiet; as it is, if that takes longer."""
        until = time.monotonic() + longest_seconds
        while not (sample := self.look()).is_at_rest and time.monotonic() < until:
            time.sleep(LOOK_EVERY_SECONDS)
        accounting.wait_until_quiet(self.server.pid, max(0.0, until - time.monotonic()))
        return self.look() if sample.is_at_rest else sample

    def told(self) -> Mapping[str, float]:
        """Of each metric the sum over its labels; of those with a state, also one by one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/metrics", headers={"Connection": "close"})
            text = connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException) as exc:
            raise CannotMeasure(f"The gateway does not tell its metrics: {exc!r}") from exc
        finally:
            connection.close()
        sums: dict[str, float] = defaultdict(float)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] += sample.value
                if "state" in sample.labels:
                    sums[f"{sample.name} {sample.labels['state']}"] += sample.value
        return sums
