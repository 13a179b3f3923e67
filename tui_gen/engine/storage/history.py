"""The history of a run from its ledger: what was made when and by which run, and the reasons of rejections.

It is a fold over the same events as `RunState`. Times are seconds of work, so rates do not include pauses,
waits and the time between runs. The ledger is read once and not kept in memory.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.run_course import RunCourse
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Failed, Made, Outcome
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.engine.storage.ledger_codec import decode, made_line
from tui_gen.engine.storage.ledger_lines import LedgerError

_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Run:
    """One engine's run on the folder."""

    started_at: float
    last_at: float
    began: float  # in seconds of work over all runs
    clips: int = 0
    result: str = ""  # empty if no end was recorded: killed, or still running
    exit_code: int | None = None
    host: str = ""
    version: str = ""
    stepped_seconds: float = 0.0  # by which wall time moved against the running time

    @property
    def seconds(self) -> float:
        """How long the run lasted, including pauses, without steps of the clock."""
        return max(0.0, self.last_at - self.started_at - self.stepped_seconds)


@dataclass(frozen=True, slots=True)
class Bin:
    """The output of an interval of working time."""

    start: float  # seconds of work
    end: float
    patches: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Additions:
    """The times at which patches were added and removed, in order; arrays, because there may be a million."""

    times: array[float] = field(default_factory=lambda: array("d"))  # seconds of work
    categories: array[int] = field(default_factory=lambda: array("H"))
    patches: array[int] = field(default_factory=lambda: array("q"))  # negative if patches were lost
    sizes: array[int] = field(default_factory=lambda: array("q"))

    def append(self, at: float, category: int, patches: int, size_bytes: int) -> None:
        """Append an addition."""
        self.times.append(at)
        self.categories.append(category)
        self.patches.append(patches)
        self.sizes.append(size_bytes)


@dataclass(frozen=True, slots=True)
class History:
    """The history of a whole ledger."""

    runs: tuple[Run, ...]
    work_seconds: float
    categories: tuple[str, ...]  # in the order of their first patch
    formats: Mapping[str, Counter[str]]  # category -> format -> patches
    source_seconds: Mapping[str, float]  # sum of the seconds of a source's ended clips
    reasons: Counter[tuple[str, str]]  # (outcome, reason without its numbers); failures of all runs
    additions: Additions
    moves: Additions  # between categories: nothing was made or lost
    course: RunCourse

    def bins(self, most: int) -> list[Bin]:
        """Return the output in at most `most` equal intervals of the working time."""
        ends, place_of = self._stretches(most)
        patches, sizes = [0] * len(ends), [0] * len(ends)
        added = self.additions
        for at, number, size_bytes in zip(added.times, added.patches, added.sizes, strict=True):
            if number > 0:
                patches[place_of(at)] += number
                sizes[place_of(at)] += size_bytes
        starts = [0.0, *ends]
        return [Bin(starts[place], end, patches[place], sizes[place]) for place, end in enumerate(ends)]

    def growth(self, most: int) -> dict[str, list[tuple[float, int]]]:
        """Return category -> (seconds of work, number of patches then), with at most `most` points."""
        ends, place_of = self._stretches(most)
        made = [[0] * len(ends) for _ in self.categories]
        for part in (self.additions, self.moves):
            for at, category, number in zip(part.times, part.categories, part.patches, strict=True):
                made[category][place_of(at)] += number
        return {
            name: [(0.0, 0), *zip(ends, accumulate(made[number]), strict=True)]
            for number, name in enumerate(self.categories)
        }

    def _stretches(self, most: int) -> tuple[list[float], _PlaceOf]:
        width = max(1.0, -(-self.work_seconds // most))
        count = max(1, int(-(-self.work_seconds // width)))
        ends = [min(self.work_seconds, width * (place + 1)) for place in range(count)]
        return ends, _PlaceOf(width, count)


@dataclass(frozen=True, slots=True)
class _PlaceOf:
    """Maps a time to the number of its interval, of `count`."""

    width: float
    count: int

    def __call__(self, at: float) -> int:
        return min(int(at / self.width), self.count - 1)


def replay_history(run_folder: Path) -> tuple[RunState, History, list[str]]:
    """Return the state and the history from the ledger of a run folder, and a text for each damaged line."""
    state, damage = replay(run_folder)
    return state, read_history(run_folder), damage


def read_history(run_folder: Path) -> History:
    """Return the history from the ledger of a run folder.

    Only the needed parts of lines of made clips are decoded: a million lines take seconds, not minutes.
    """
    fold = _Fold()
    try:
        file = (run_folder / LEDGER_NAME).open("rb")
    except FileNotFoundError:
        return fold.history()
    with file:
        for line in file:
            if line.endswith(b"\n"):
                try:
                    fold.take_line(line)
                except LedgerError:
                    continue  # `replay` reports damaged lines
    return fold.history()


def history_of(events: Iterable[ev.Durable]) -> History:
    """Return the history from events."""
    fold = _Fold()
    for event in events:
        fold.take(event)
    return fold.history()


class _Fold:
    """A history that is being built."""

    def __init__(self) -> None:
        self._clock = _WorkClock()
        self._runs: list[Run] = []
        self._last_at, self._clips = 0.0, 0
        self._categories: dict[str, int] = {}
        self._formats: dict[str, Counter[str]] = defaultdict(Counter)
        self._source_seconds: dict[str, float] = defaultdict(float)
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._additions, self._moves = Additions(), Additions()
        self._standing: dict[tuple[str, str], int] = {}  # (category, source) -> bit set of clips
        self._minutes: dict[str, Counter[int]] = defaultdict(Counter)
        self._source_reasons: dict[str, Counter[str]] = defaultdict(Counter)
        self._machine_minutes: dict[str, Counter[int]] = defaultdict(Counter)

    def take_line(self, line: bytes) -> None:
        """Process a line of the ledger. Raises LedgerError without any change."""
        made = made_line(line)
        if made is None:
            self.take(decode(line))
        else:
            index = made.index
            self._clip_ended(made.at, made.source, made.seconds)
            self._take_machine(made.at, made.machine)
            self._take_refused(made.source, (each.reason for each in made.rejected))
            for patch in made.patches:
                place = (patch.category, made.source, index)
                self._patch_made(made.at, place, patch.bytes, str(patch.format))

    def take(self, event: ev.Durable) -> None:
        if isinstance(event, ev.ClipEnded):
            self._take_outcome(event.at, event.outcome)
            if isinstance(event.outcome, Made):
                self._take_machine(event.at, event.machine)
            return
        if isinstance(event, ev.PatchMoved):  # a move is no work: it changes neither clock nor run
            self._take_move(event)
            return
        self._clock.take(event)
        self._last_at = max(self._last_at, event.at)
        if isinstance(event, ev.RunStarted):
            self._close_run()
            self._last_at, self._clips = event.at, 0
            began = self._clock.seconds
            self._runs.append(Run(event.at, event.at, began, host=event.host, version=event.version))
        elif isinstance(event, ev.ClockStepped):
            self._last_at = event.at  # it may be earlier than before
            if self._runs:
                stepped_seconds = self._runs[-1].stepped_seconds + event.seconds
                self._runs[-1] = replace(self._runs[-1], stepped_seconds=stepped_seconds)
        elif isinstance(event, ev.RunEnded) and self._runs:
            self._runs[-1] = replace(self._runs[-1], result=event.result, exit_code=event.exit_code)
        elif isinstance(event, ev.PatchesLost):
            number, lost = self._number_of(event.category), set(event.clips)
            self._additions.append(self._clock.seconds, number, -len(lost), -event.size_bytes)
            key = event.category, event.source
            self._standing[key] = self._standing.get(key, 0) & ~sum(1 << index for index in lost)

    def _clip_ended(self, at: float, source: str, seconds: float) -> None:
        self._clock.clip_ended(at)
        self._last_at = max(self._last_at, at)
        self._clips += 1
        self._source_seconds[source] += seconds

    def _take_machine(self, at: float, machine: str) -> None:
        if machine:
            self._machine_minutes[machine][int(at // 60)] += 1

    def _patch_made(self, at: float, patch: tuple[str, str, int], size_bytes: int, form: str) -> None:
        """Count a patch, given by its category, source and clip; a patch that is made again counts once."""
        category, source, index = patch
        standing = self._standing.get((category, source), 0)
        if not standing >> index & 1:
            self._standing[category, source] = standing | 1 << index
            self._formats[category][form] += 1
            self._additions.append(self._clock.seconds, self._number_of(category), 1, size_bytes)
            self._minutes[category][int(at // 60)] += 1

    def _close_run(self) -> None:
        """Store the values of the last run that every event changes."""
        if self._runs:
            self._runs[-1] = replace(self._runs[-1], last_at=self._last_at, clips=self._clips)

    def _take_outcome(self, at: float, outcome: Outcome) -> None:
        clip = outcome.clip
        self._clip_ended(at, clip.source, outcome.seconds)
        if not isinstance(outcome, Made):
            kind = "failed" if isinstance(outcome, Failed) else "rejected"
            reason = _without_numbers(outcome.reason)
            self._reasons[kind, reason] += 1
            if kind == "rejected":
                self._source_reasons[clip.source][reason] += 1
            return
        self._take_refused(clip.source, (reason for _, reason in outcome.rejected))
        for patch in outcome.patches:
            form = str(patch.record.get("format", "?"))
            self._patch_made(at, (patch.category, clip.source, clip.index), patch.size_bytes, form)

    def _take_refused(self, source: str, reasons: Iterable[str]) -> None:
        for reason in map(_without_numbers, reasons):
            self._reasons["rejected", reason] += 1
            self._source_reasons[source][reason] += 1

    def _take_move(self, event: ev.PatchMoved) -> None:
        patch, form = event.patch, str(event.patch.record.get("format", "?"))
        bit, counts = 1 << event.clip, ((event.from_category, -1), (patch.category, 1))
        stands = [bool(self._standing.get((name, event.source), 0) & bit) for name, _ in counts]
        if stands != [True, False]:
            return
        for name, number in counts:
            self._standing[name, event.source] = self._standing.get((name, event.source), 0) ^ bit
            self._formats[name][form] += number
            size_bytes = number * patch.size_bytes
            self._moves.append(self._clock.seconds, self._number_of(name), number, size_bytes)

    def _number_of(self, category: str) -> int:
        return self._categories.setdefault(category, len(self._categories))

    def history(self) -> History:
        self._close_run()
        return History(
            runs=tuple(self._runs),
            work_seconds=self._clock.seconds,
            categories=tuple(self._categories),
            formats=self._formats,
            source_seconds=self._source_seconds,
            reasons=self._reasons,
            additions=self._additions,
            moves=self._moves,
            course=RunCourse(self._minutes, self._source_reasons, self._machine_minutes),
        )


class _WorkClock:
    """Seconds of work, by the clock of `RunState`, which does not need every clip for that."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._state = RunState()
        self._last_clip_at: float | None = None  # not applied to the state yet

    def take(self, event: ev.Durable) -> None:
        """Process an event other than the end of a clip."""
        if self._last_clip_at is not None:
            self._tell(self._last_clip_at)
            self._last_clip_at = None
        self._state.apply(event)
        self._show(event.at)

    def clip_ended(self, at: float) -> None:
        if self._state.active_since is None:
            self._tell(at)
        self._last_clip_at = max(at, self._last_clip_at or at)
        self._show(at)

    def _tell(self, at: float) -> None:
        """Apply a clip without patches at this time to the state: the run was working then."""
        self._state.apply(ev.ClipEnded(at, "", Made(Clip("", 0), (), 1, 0.0)))

    def _show(self, at: float) -> None:
        self.seconds = max(self.seconds, self._state.elapsed_seconds(at))


def _without_numbers(reason: str) -> str:
    """Return a reason without its numbers, so that "difference 46.1" counts with all other differences."""
    return _NUMBER.sub("N", reason)
