"""What the history costs for each request, from its first line in the journal to its row in the database.

    python -m benchmarks.history_cost [--postgresql]

Microseconds of this process's CPU (user and system) per request with one try, the least of several rounds: what else runs on
the machine makes a round dearer, never cheaper. Either a batch is cut beside the event loop and its rows travel, or, with a broker that
is a folder, the worker reads it where it stands. With --postgresql it starts a server of its own, which needs the development
extras; what the server itself spends is not in the figure.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from history.recorder import Recorder

REQUESTS = 500
"""Of a round, as many as of a batch."""
ROUNDS = 60
URL = "https://api.openai.com/v1/chat/completions"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true", help="write to a PostgreSQL instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plexus-history-cost-") as folder:
        prepare_environment(Path(folder), on_postgresql=options.postgresql)
        for what, microseconds in measured(Path(folder)).items():
            print(f"{what:<40} {microseconds:7.2f} µs", flush=True)  # noqa: T201 - a command's output


def prepare_environment(folder: Path, *, on_postgresql: bool) -> None:
    """Settings for this process; an empty database."""
    os.environ.update(DJANGO_SETTINGS_MODULE="plexus_site.settings", PLEXUS_ENV_FILE="", PLEXUS_DATA_DIR=str(folder))
    os.environ.update(PLEXUS_LOG_LEVEL="WARNING", DATABASE_URL=f"sqlite:///{folder}/plexus.sqlite3", REDIS_URL="")
    if on_postgresql:
        from tests import throwaway_servers

        os.environ["DATABASE_URL"] = throwaway_servers.postgres().url
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def measured(folder: Path, rounds: int = ROUNDS) -> dict[str, float]:
    """Microseconds per request, by what they are spent on."""
    from django.db import connection

    from history import store
    from history.journal.segments import Segment
    from history.journal.writer import Writer
    from history.recorder import Recorder

    spent: dict[str, list[float]] = {}
    for number in range(rounds):
        writer = Writer(folder / f"journal-{number}")
        spend(spent, "begin and end, on the event loop", telling(Recorder(writer.root, writer=writer), number))
        (extent,), home = writer.extents(), writer.home
        assert home is not None
        segment = Segment(name=home.name_of(extent.number), path=home.path_of(extent.number), size=extent.size)
        batch = spend(spent, "cutting a batch, beside it", partial(segment.next_batch, REQUESTS))
        assert batch.count == REQUESTS
        spend(spent, "reading it where it stands, in the worker", partial(segment.again, batch.place))
        spend(spent, f"writing to {connection.display_name}", partial(store.write_batch, batch))
        writer.close()
    return {what: min(of_rounds) for what, of_rounds in spent.items()}


def spend(spent: dict[str, list[float]], what: str, work: Callable[[], Any]) -> Any:  # Any: what the work returns
    began = time.process_time()
    result = work()
    spent.setdefault(what, []).append((time.process_time() - began) / REQUESTS * 1e6)
    return result


def telling(recorder: "Recorder", number: int) -> Callable[[], None]:
    """Requests as gateway/exchange.py tells them, without what lies between. A thousand in a second, by the clock."""
    from gateway.draft import Draft, Moment
    from history.ids import new_id
    from history.records import Outcome
    from providers.pricing import Price, Usage
    from routing.step import Step
    from routing.table import Route, Upstream

    step = Step(upstream=Upstream(key="a", provider="openai", model="gpt-4o", urls={}), target_id=7, via="fast")
    route = Route(name="fast", id=3)
    price = Price(input_usd_per_mtok=Decimal("2.50"), output_usd_per_mtok=Decimal("10.00"))
    usage = Usage(input_tokens=210, output_tokens=120)
    chance, began_at = Random(number), 1_790_000_000 + number * REQUESTS / 1000
    begun = [began_at + n / 1000 for n in range(REQUESTS)]
    requests = [(new_id(at, chance.getrandbits(62)), Moment(epoch=at, monotonic=0.0)) for at in begun]

    def tell() -> None:
        ask, head, end = (n / 7 for n in range(1, 4))
        for id, start in requests:
            draft = Draft(id=id, began=start, api_type="chat", client_address="127.0.0.1")
            draft.key_id, draft.key_name, draft.request_bytes = 1, "billing service", 950
            draft.requested_model, draft.route = "fast", route
            recorder.begin(draft.begun(step, URL, ask))
            draft.begin_attempt(step, URL, price, ask)
            draft.note_head(head, "req_011CSHoEeqs5C35K2UUqR7Fy")
            draft.usage, draft.finish_reason, draft.answer_bytes = usage, "stop", 815
            draft.note_first_byte(head)
            draft.end_attempt(Outcome.OK, end, status=200)
            recorder.record(draft.close(Outcome.OK, 200, end))

    return tell


if __name__ == "__main__":
    main()
