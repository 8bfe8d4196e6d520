"""Carrying the journal to the database: by way of the workers where there is a broker, else directly.

    segment ─ cut ─→ batch ─→ broker ─→ worker ─→ database: rows, statistics and the note “written”, in one transaction
                        └─ broker down, or no note in time ─→ │
                                     note read ─→ segment done ─→ deleted later

There is one way to be written, idempotent by request id; so whatever may have been lost on the way is simply sent again.
Runs in a thread of its own, which may hang with a frozen database for as long as it likes.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from history.batch import Batch, Note, Place, Stretch
from history.journal.adoption import adopted, rows_waiting, stretches
from history.journal.homes import DONE, Home, abandoned_homes
from history.journal.segments import Segment, Sent, every_line, let_others_run
from history.journal.writer import Writer
from history.lines import Kind, Named, line

logger = logging.getLogger(__name__)

BROKER_REST_SECONDS = 5.0
"""How long a broker that failed is left alone: each try costs up to its timeout."""
OVERDUE_SECONDS = 30.0
"""How long a batch may be with the workers. Then it is written directly: sent again, it would only wait in the same queue."""
ASK_SECONDS = 0.5
"""How often the database is asked what has arrived."""
HURRIED_ASK_SECONDS, HURRIED_OVERDUE_SECONDS = 0.05, 1.0
"""The same, when this process is about to end."""
MOST_UNDER_WAY = 100
"""Batches. More of them would fill the broker while no worker empties it; the journal has more room."""
UNREAD_AT_ONCE = 2
"""Batches full of rows that go as one where they do not travel: a task costs as much as fifty rows."""
MOST_UNREAD = 2 * UNREAD_AT_ONCE
"""A longer rest is cut, so that nobody else who writes waits long. Not shorter: some come until somebody looks."""
CARRY_SECONDS = 300.0
"""How long a segment waits for the ends of its requests. Then they are told again in the newest, so that it can go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How rows get to the database. Each raises when it does not work, whatever its library raises."""

    publish: Callable[[Stretch], None]
    """To the workers. A Batch, unless `reads_in_place` says that they need none."""
    write: Callable[[Batch], int]
    """Directly; how many of the rows went to quarantine."""
    written: Callable[[Iterable[str]], Mapping[Place, Note]]
    """Of these segments: which batches the database has."""
    forget: Callable[[str], None]
    """Nobody will ask for this segment again."""
    reads_in_place: Callable[[], bool] = lambda: False
    """Whether the workers read the rows where they stand, in the journal."""


class Shipper:
    """Call `round` again and again."""

    def __init__(self, writer: Writer, ways: Ways, *, batch_rows: int) -> None:
        self._writer = writer
        self._ways = ways
        self._batch_rows = batch_rows
        self._own: dict[int, Segment] = {}
        self._adopted: list[tuple[Home, list[Segment]]] = []
        self._closed_at: dict[int, float] = {}
        self._broker_rests_until = 0.0
        self._asked_at = -math.inf
        self.is_hurried = False
        """Somebody waits for the end."""
        self._complaints: set[str] = set()
        self.waiting_since: float | None = None
        """When the oldest row that is not cut yet was recorded; set by the recorder."""
        self.own_delivered = 0
        self.adopted = 0
        """Rows of dead processes that were waiting when we took over."""
        self.adopted_delivered = 0
        self.quarantined = 0
        self.damaged = 0

    @property
    def oldest_since(self) -> float | None:
        """When the oldest of our rows that the database does not have was recorded, by the monotonic clock."""
        sent = [one.since for segment in list(self._own.values()) for one in list(segment.under_way.values())]
        return min([*sent, *([] if self.waiting_since is None else [self.waiting_since])], default=None)

    @property
    def is_delivered(self) -> bool:
        """Whether the database has all that we wrote."""
        return not self._own and not self._writer.extents()

    @property
    def is_waiting(self) -> bool:
        """Whether a batch is with the workers."""
        return any(segment.under_way for segment in self._segments())

    @property
    def rows_at_once(self) -> int:
        """When so many are there, a round is due."""
        return self._batch_rows * (UNREAD_AT_ONCE if self._ways.reads_in_place() else 1)

    # One round

    def round(self) -> bool:
        """Ship what is there, see what arrived, put away what is done. False: nobody takes it; rest a while."""
        self._look_at_own()
        delivered = self._ship()
        self._confirm()
        delivered = self._resend() and delivered
        self._settle()
        return delivered

    def _look_at_own(self) -> None:
        home = self._writer.home
        if home is None:
            return
        for extent in self._writer.extents():
            segment = self._own.get(extent.number)
            if segment is None:
                name, path = home.name_of(extent.number), home.path_of(extent.number)
                segment = self._own[extent.number] = Segment(name=name, path=path)
            if extent.is_closed and not segment.is_closed:
                self._closed_at[extent.number] = time.monotonic()
            segment.size, segment.ended, segment.is_closed = extent.size, extent.ended, extent.is_closed

    def _segments(self) -> list[Segment]:
        """Ours first: they are the ones that somebody is looking for."""
        return [*self._own.values(), *(segment for _, segments in self._adopted for segment in segments)]

    def _ship(self) -> bool:
        under_way = sum(len(segment.under_way) for segment in self._segments())
        for segment in self._segments():
            while True:
                if under_way >= MOST_UNDER_WAY and not self._broker_rests():
                    return True
                batch = self._next_batch(segment)
                if batch is None:
                    break
                if not batch.count:
                    segment.advance(batch)
                    continue
                since, is_unread = self._since(segment), not isinstance(batch, Batch)
                if self._published(batch):
                    segment.under_way[batch.place] = Sent(
                        count=batch.count, since=since, sent_at=time.monotonic(), is_unread=is_unread
                    )
                    under_way += 1
                elif not self._written(segment, batch, is_unread=is_unread):
                    self.waiting_since = self.waiting_since if segment.is_adopted else since
                    return False
                segment.advance(batch)
        return True

    def _next_batch(self, segment: Segment) -> Stretch | None:
        if self._ways.reads_in_place() and not segment.is_adopted and not self._broker_rests():
            rest = segment.rest()
            # Nobody has counted a line whose write failed too late, so “none” must be looked at.
            if 0 < rest.count <= MOST_UNREAD * self._batch_rows:
                return rest
        before = segment.damaged
        try:
            return segment.next_batch(self._batch_rows)
        except OSError as exc:
            self._complain_once(segment.name, "The journal's segment %s cannot be read: %s", segment.path, exc)
            return None
        finally:
            self._tell_damage(segment, segment.damaged - before)

    def _tell_damage(self, segment: Segment, lines: int) -> None:
        if lines:
            self.damaged += lines
            logger.error("The journal's segment %s has damaged lines; they are skipped.", segment.path)

    def _since(self, segment: Segment) -> float:
        """When the batch that is being cut was recorded: what is recorded from now on belongs to a later one."""
        now = time.monotonic()
        if segment.is_adopted:
            return now
        since, self.waiting_since = self.waiting_since, None
        return since or now

    # The two ways

    def _broker_rests(self) -> bool:
        return time.monotonic() < self._broker_rests_until

    def _published(self, batch: Stretch) -> bool:
        if self._broker_rests():
            return False
        try:
            self._ways.publish(batch)
        except Exception as exc:  # noqa: BLE001 - each broker has its own; all mean that nobody took the batch
            self._broker_rests_until = time.monotonic() + BROKER_REST_SECONDS
            self._complain_once("broker", "The broker takes no history; writing it to the database directly: %s", exc)
            return False
        self._complaints.discard("broker")
        return True

    def _written(self, segment: Segment, stretch: Stretch, *, is_unread: bool) -> bool:
        try:
            batch = stretch if isinstance(stretch, Batch) else segment.again(stretch.place, let_others_run)
            quarantined = self._ways.write(batch)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the rows are kept and tried again
            self._complain_once("database", "Nor does the database take history; the journal keeps it: %s", exc)
            return False
        self._complaints.discard("database")
        self._count(segment, stretch.count, quarantined)
        if is_unread:
            self._tell_damage(segment, batch.damaged)
        return True

    def _count(self, segment: Segment, rows: int, quarantined: int) -> None:
        self.quarantined += quarantined
        if segment.is_adopted:
            self.adopted_delivered += rows
        else:
            self.own_delivered += rows

    # What arrived

    def _confirm(self) -> None:
        waiting = {segment.name: segment for segment in self._segments() if segment.under_way}
        now = time.monotonic()
        if not waiting or now < self._asked_at + (HURRIED_ASK_SECONDS if self.is_hurried else ASK_SECONDS):
            return
        self._asked_at = now
        try:
            written = self._ways.written(waiting)
        except Exception as exc:  # noqa: BLE001 - whatever it is, we ask again
            self._complain_once("database", "The database does not tell what history it has: %s", exc)
            return
        self._complaints.discard("database")
        for segment in waiting.values():
            for place in segment.under_way.keys() & written.keys():
                sent, note = segment.under_way.pop(place), written[place]
                self._count(segment, sent.count, note.rejected)
                if sent.is_unread:
                    self._tell_damage(segment, note.damaged)

    def _resend(self) -> bool:
        """Write directly what the workers did not write in time."""
        late = time.monotonic() - (HURRIED_OVERDUE_SECONDS if self.is_hurried else OVERDUE_SECONDS)
        for segment in self._segments():
            for place, sent in list(segment.under_way.items()):
                if sent.sent_at > late:
                    continue
                self._broker_rests_until = time.monotonic() + OVERDUE_SECONDS
                if not self.is_hurried:  # else a second was all they had, and they may be well
                    self._complain_once("workers", "No worker writes history; writing it to the database directly.")
                _, start, end = place
                stretch = Stretch(segment=segment.name, start=start, end=end, count=sent.count)
                if not self._written(segment, stretch, is_unread=sent.is_unread):
                    return False
                del segment.under_way[place]
        return True

    # What is done

    def _settle(self) -> None:
        for number, segment in list(self._own.items()):
            if segment.is_delivered and self._is_over(number, segment):
                self._put_away(segment)
                del self._own[number], self._closed_at[number]
                self._writer.forget(number)
        for home, segments in list(self._adopted):
            for segment in [segment for segment in segments if segment.is_delivered]:
                self._put_away(segment)
                segments.remove(segment)
            if not segments:
                self._adopted.remove((home, segments))
                home.remove()

    def _is_over(self, number: int, segment: Segment) -> bool:
        """Whether no request waits for its end in another segment, or all that do have been told again there."""
        unfinished = self._writer.unfinished_in(number)
        if unfinished and time.monotonic() - self._closed_at[number] > CARRY_SECONDS:
            try:
                self._carry(segment, number, unfinished)
            except OSError as exc:
                self._complain_once("carry", "The journal keeps the segment %s: %s", segment.path, exc)
                return False
            return not self._writer.unfinished_in(number)
        return not unfinished

    def _carry(self, segment: Segment, number: int, unfinished: set[str]) -> None:
        told: dict[str, list[bytes]] = {}
        for one in every_line(segment.path):
            if one.kind is Kind.BEGIN or one.kind is Kind.ATTEMPT:
                id = msgspec.json.decode(one.content, type=Named).id
                if id in unfinished:
                    told.setdefault(id, []).append(line(one.kind, one.content))
        for id in unfinished:
            self._writer.carry(id, told.get(id, []), number)

    def _put_away(self, segment: Segment) -> None:
        try:
            segment.path.rename(segment.path.with_suffix(DONE))
            self._ways.forget(segment.name)
        except FileNotFoundError:
            pass  # somebody has cleared the folder
        except Exception as exc:  # noqa: BLE001 - the notes stay until they are old; nothing depends on it
            logger.warning("The notes about the journal's segment %s stay in the database: %s", segment.name, exc)

    # What others left

    def adopt(self, root: Path) -> None:
        """Take over the journals whose process is dead."""
        for home in abandoned_homes(root):
            try:
                segments = adopted(home)
                self._leave_out_written(segments)
                waiting = sum(rows_waiting(segment) for segment in segments)
            except (OSError, msgspec.MsgspecError) as exc:
                self._complain_once(str(home.path), "The journal %s cannot be taken over: %s", home.path, exc)
                home.leave()
                continue
            if not segments:
                home.remove()
                continue
            logger.warning(
                "The journal %s has lost its process; %d requests in it are yet to write.", home.path, waiting
            )
            self.adopted += waiting
            self._adopted.append((home, segments))

    def _leave_out_written(self, segments: list[Segment]) -> None:
        try:
            written = self._ways.written([segment.name for segment in segments])
        except Exception as exc:  # noqa: BLE001 - then they are written again, which changes nothing
            self._complain_once("database", "The database does not tell what history it has: %s", exc)
            return
        for segment in segments:
            segment.written = stretches(written, segment.name)

    def leave(self) -> None:
        """Let go of what we took over; the next one finds it."""
        for home, _ in self._adopted:
            home.leave()
        self._adopted.clear()

    def _complain_once(self, about: str, message: str, *arguments: object) -> None:
        if about not in self._complaints:
            self._complaints.add(about)
            logger.warning(message, *arguments)
