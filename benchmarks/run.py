"""One run: start everything, take the samples in rounds, end everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import accounting, measures, programs
from benchmarks.bench import LONGEST_REST_SECONDS, Bench
from benchmarks.contenders import CONTENDERS, Contender, Workplace
from benchmarks.failures import Absent, CannotMeasure
from benchmarks.figures import CPU_PER_CHUNK, CPU_PER_REQUEST, ERRORS, KIB_PER_STREAM, P99, REQUESTS, Sample, middle
from benchmarks.measures import HalfLoad, Measure, Memory, Streams, WholeAnswers
from benchmarks.processes import Server, free_port, raise_descriptor_limit, serving

SPARE_DESCRIPTORS = 500
SHOWN = (CPU_PER_REQUEST, CPU_PER_CHUNK, KIB_PER_STREAM, P99)
"""Of a sample's metrics, the first of these is shown while the run goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does, and for how long."""

    contenders: Sequence[str]
    measures: Sequence[Measure]
    rounds: int
    seconds: float
    """Of load, in each round, for each contender."""
    warm_up_seconds: float
    memory_rounds: int


PAIR = ("raw", "plexus")
QUICK = Plan(
    contenders=measures.BARE,
    measures=(
        measures.REQUESTS_1KB,
        replace(measures.REQUESTS_100KB, contenders=PAIR),
        replace(measures.HalfLoad(), contenders=("direct", "plexus")),
        replace(measures.STREAMS_MANY, contenders=PAIR),
    ),
    rounds=2,
    seconds=0.8,
    warm_up_seconds=0.4,
    memory_rounds=0,
)
FULL = Plan(
    contenders=tuple(CONTENDERS),
    measures=(
        measures.REQUESTS_1KB,
        measures.REQUESTS_100KB,
        measures.REQUESTS_100KB_PROMPT,
        measures.HalfLoad(),
        measures.STREAMS_MANY,
        measures.STREAMS_FEW,
        measures.Memory(streams=5000),
    ),
    rounds=5,
    seconds=3,
    warm_up_seconds=2,
    memory_rounds=2,
)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run found."""

    samples: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    """Contender -> why it was left out."""
    notes: list[str] = field(default_factory=list)
    """What a reader of the figures must know."""
    lost: dict[str, int] = field(default_factory=dict)
    """Contender -> requests that it answered and did not keep in its history."""


def run(plan: Plan, rivals: Path, say: Callable[[str], None]) -> Outcome:
    """Raises CannotMeasure. Whatever happens, every process that it started and the folder are gone afterwards."""
    outcome = Outcome()
    with TemporaryDirectory(prefix="plexus-benchmark-") as name, ExitStack() as running:
        folder = Path(name)
        say("Compiling the upstream and the load generators …")
        built = programs.build(folder)
        descriptors = raise_descriptor_limit()
        port = free_port()
        running.enter_context(serving([str(built / "upstream"), str(port)], port=port, log=folder / "upstream.log"))
        workplace = Workplace(folder=folder, rivals=rivals, upstream_port=port)
        bench = Bench(built=built, folder=folder, upstream_port=port)
        contenders = _prepared(plan, workplace, outcome, say)
        with _started(contenders, say) as servers:
            course = Course(plan=plan, bench=bench, contenders=contenders, servers=servers, outcome=outcome, say=say)
            course.warm_up()
            for measure in plan.measures:
                course.take(_fitting(measure, descriptors, outcome, say))
        outcome.lost = {name: contender.lost(course.asked[name]) for name, contender in contenders.items()}
    return outcome


def _prepared(plan: Plan, workplace: Workplace, outcome: Outcome, say: Callable[[str], None]) -> dict[str, Contender]:
    contenders = {}
    for name in plan.contenders:
        try:
            contenders[name] = CONTENDERS[name](workplace)
        except Absent as exc:
            outcome.absent[name] = f"{exc}."
            say(f"Without {name}: {exc}. Its ratios stay empty.")
        else:
            outcome.versions[name] = contenders[name].version
    return contenders


@contextmanager
def _started(contenders: dict[str, Contender], say: Callable[[str], None]) -> Iterator[dict[str, Server]]:
    with ExitStack() as running:
        servers = {}
        for name, contender in contenders.items():
            say(f"Starting {name} {contender.version} …")
            try:
                servers[name] = running.enter_context(contender.start())
            except CannotMeasure as exc:
                raise CannotMeasure(f"{name} did not start. {exc}") from exc
        yield servers


def _fitting(measure: Measure, descriptors: int, outcome: Outcome, say: Callable[[str], None]) -> Measure:
    """The measure, with fewer streams where a gateway could not open two sockets for each."""
    most = (descriptors - SPARE_DESCRIPTORS) // 2
    if not isinstance(measure, Memory) or measure.streams <= most:
        return measure
    note = (
        f"Only {most:,} instead of {measure.streams:,} streams are opened for memory: `ulimit -Hn` is {descriptors:,}, "
        f"and a gateway needs two descriptors for each. Raise the hard limit to {2 * measure.streams + SPARE_DESCRIPTORS:,}."
    )
    outcome.notes.append(note)
    say(note)
    return Memory(streams=most)


@dataclass(slots=True, kw_only=True)
class Course:
    """The samples of one run, measure by measure, each in rounds: A B C, A B C, …"""

    plan: Plan
    bench: Bench
    contenders: dict[str, Contender]
    servers: dict[str, Server]
    outcome: Outcome
    say: Callable[[str], None]
    asked: Counter[str] = field(default_factory=Counter)
    """Contender -> requests that its history must know, streams that we cut short among them."""

    def warm_up(self) -> None:
        """What a process makes once, on its first requests, belongs to no sample."""
        self.say("Warming up …")
        for name, contender in self.contenders.items():
            server = self.servers[name]
            accounting.wait_until_quiet(server.pid, LONGEST_REST_SECONDS)
            sample = self.bench.whole_answers(contender, server, measures.REQUESTS_1KB, self.plan.warm_up_seconds)
            self.asked[name] += int(sample[REQUESTS])

    def take(self, measure: Measure) -> None:
        """All rounds of one measure."""
        names = [name for name in measure.contenders if name in self.contenders or name == "direct"]
        of_contenders = self.outcome.samples[measure.name] = {name: [] for name in names}
        rounds = self.plan.memory_rounds if isinstance(measure, Memory) else self.plan.rounds
        for number in range(1, rounds + 1):
            # Whoever has failed has spoilt the verdict; to wait for it once more would only cost time.
            names = [name for name in names if not any(sample[ERRORS] for sample in of_contenders[name])]
            for name in names:
                of_contenders[name].append(sample := self.sample(measure, name))
                self.asked[name] += int(sample[REQUESTS])
                self.note_complaints(name, measure)
            latest = " · ".join(f"{name} {_shown(of_contenders[name][-1])}" for name in names)
            self.say(f"{measure.title}, round {number} of {rounds}: {latest}")

    def note_complaints(self, name: str, measure: Measure) -> None:
        """Keep the words of errors: their number alone helps nobody."""
        self.outcome.notes += [f"{name}, {measure.title}, an error: {said}" for said in self.bench.complaints]
        self.bench.complaints.clear()

    def sample(self, measure: Measure, name: str) -> Sample:
        """One round of one contender."""
        if name == "direct":
            return self.bench.half_load(None, {}, self.half_rate(), self.plan.seconds)
        contender, server = self.contenders[name], self.servers[name]
        match measure:
            case WholeAnswers():
                return self.bench.whole_answers(contender, server, measure, self.plan.seconds)
            case HalfLoad():
                return self.bench.half_load(server, contender.headers, self.half_rate(), self.plan.seconds)
            case Streams():
                return self.bench.streams(contender, server, measure, self.plan.seconds)
            case Memory():
                with contender.start() as fresh:
                    return self.bench.memory(contender, fresh, measure)

    def half_rate(self) -> float:
        """Requests per second: half of what Plexus served when it was asked for all it can."""
        most = middle(self.outcome.samples, measures.REQUESTS_1KB.name, "plexus", "requests_per_second")
        assert most is not None, "Whole answers are measured first."
        return most / 2


def _shown(sample: Sample) -> str:
    metric = next(metric for metric in SHOWN if metric in sample)
    failed = f" ({sample['errors']:.0f} errors!)" if sample.get("errors") else ""
    return f"{sample[metric]:,.1f} {UNITS[metric]}{failed}"


UNITS = {CPU_PER_REQUEST: "µs", CPU_PER_CHUNK: "µs", KIB_PER_STREAM: "KiB", P99: "ms"}
