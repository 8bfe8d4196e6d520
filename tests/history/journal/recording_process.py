"""A process that sets up Django once and forks as many recording processes as it is asked for, to be killed.

`python -m tests.history.journal.recording_process ROOT`, then on its input: a line for each process. On its output:
`pid NUMBER` for each, and what these say: `b ID` when a request has begun, `e ID` when it is recorded and the client could know.
"""

import os
import random
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import django


def main() -> None:
    django.setup()
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            record_for_ever(Path(sys.argv[1]))
        say(f"pid {pid}")


def record_for_ever(root: Path) -> None:
    from history.journal.writer import Writer
    from history.recorder import DATABASE_AND_WORKERS, Recorder
    from tests.history.exchanges import an_attempt, an_exchange, begun

    chance = random.Random(os.getpid())
    # Half of them have no broker, so that some are killed while they write to the database themselves.
    ways = DATABASE_AND_WORKERS if os.getpid() % 2 else replace(DATABASE_AND_WORKERS, publish=refuse)
    writer = Writer(root, segment_bytes=20_000)
    recorder = Recorder(root, batch_rows=20, flush_seconds=0.01, writer=writer, ways=ways)
    recorder.start()
    running = []
    while True:
        id = f"0199{chance.getrandbits(32):08x}{os.getpid():08x}{chance.getrandbits(48):012x}"
        exchange = an_exchange(at=datetime.now(UTC), id=f"{id[:8]}-{id[8:12]}-7{id[13:16]}-8{id[17:20]}-{id[20:32]}")
        recorder.begin(begun(exchange))
        say(f"b {exchange.id}")
        if chance.random() < 0.2:
            recorder.attempt(exchange.id, an_attempt(2, provider="groq"))
        running.append(exchange)
        if len(running) > 5:
            ended = running.pop(chance.randrange(len(running)))
            recorder.record(ended)
            say(f"e {ended.id}")
        time.sleep(0.001)


def refuse(batch: object) -> None:
    raise ConnectionError("no broker")


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # one write: the processes share this pipe


if __name__ == "__main__":
    main()
