"""Hand-built runs for the screens: events added up as in a real run, and a controller over them."""

import math
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from textual.app import App

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import NOTHING_KNOWN, History, HistoryPart, Reading, Values
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import CategoryPlan, Clip, Failed, Made, Patch, Plan, Rejected, SourcePlan
from tui_gen.engine.scheduling import commands as do
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.view import EngineInfo

NOW = 1_764_000_000.0  # Mon 24 Nov 2025 16:00 UTC
GB = 10**9
NAMES = (
    "Planet Earth 2 - S01E04 - Deserts",
    "Arrival (2016)",
    "Dune (2021)",
    "Interstellar (2014)",
    "Spirited Away (2001)",
    "The Expanse - S04E01",
    "Blade Runner 2049 (2017)",
    "Mad Max Fury Road (2015)",
)
CATEGORIES = ("general", "space", "toon")
CLIPS_A_VIDEO = 200


@dataclass(frozen=True)
class GoldenPlaces:
    """Clips spread over two hours by the golden ratio, the first and the last minute without clips."""

    clips: int = 300
    seconds: float = 7216.0

    def place(self, clip: int) -> float:
        """Return where a clip is, from 0 to 1."""
        return 0.01 + 0.98 * ((clip + 0.5) * 0.6180339887498949 % 1.0)

    def parts(self, count: int) -> list[int]:
        members = [0] * count
        for clip in range(self.clips):
            members[int(self.place(clip) * count)] |= 1 << clip
        return members


PLACES = GoldenPlaces()


@dataclass
class FakeController:
    """Shows a state and remembers what it was asked for."""

    state: RunState | None
    refusal: str = ""
    info: EngineInfo = field(default_factory=EngineInfo)
    asked: list[do.Command] = field(default_factory=list)

    def snapshot(self) -> RunState | None:
        return self.state

    def engine_info(self) -> EngineInfo:
        return self.info

    async def steer(self, command: do.Command) -> str:
        self.asked.append(command)
        if self.refusal:
            raise do.CommandRefusedError(self.refusal)
        return f"done: {type(command).__name__}"


async def restarted() -> str:
    """Answer as a controller that has started an engine."""
    return "the engine was started"


def name_of(number: int) -> str:
    """Return the name of a source of a hand-built run."""
    return NAMES[number] if number < len(NAMES) else f"Film {number:03d} ({1950 + number % 70})"


def plan_of(videos: int, *, done: int = 0, shortfall: int = 0) -> Plan:
    """Plan so many videos for the three categories, the last ones done in an earlier run."""
    sources = tuple(
        SourcePlan(
            source=f"v{number:03d}",
            name=name_of(number),
            path=f"/mnt/data/video/FilmeUHD/{name_of(number)}.mkv",
            priority=200 if number == 2 else 255,
            units=(),
            key=number,
            clips_made=CLIPS_A_VIDEO if number >= videos - done else 0,
            clips_left=0 if number >= videos - done else CLIPS_A_VIDEO,
            quotas=dict.fromkeys(fed_by(number), CLIPS_A_VIDEO),
            open_clips=0 if number >= videos - done else (1 << CLIPS_A_VIDEO) - 1,
            places=PLACES,
        )
        for number in range(videos)
    )
    planned = {name: sum(name in fed_by(n) for n in range(videos)) * CLIPS_A_VIDEO for name in CATEGORIES}
    categories = {
        name: CategoryPlan(
            None if name == "toon" and not shortfall else planned[name] + missing,
            planned[name],
            f"{name}/Learn",
        )
        for name, missing in zip(CATEGORIES, (0, 0, shortfall), strict=True)
    }
    return Plan(sources, categories)


def fed_by(number: int) -> tuple[str, ...]:
    """Return the categories a source gives to."""
    return CATEGORIES[: 1 + number % 3]


def made(clip: Clip, at: float) -> ev.ClipEnded:
    """Make a clip's patches."""
    sizes = {"general": 1_520_000, "space": 4_360_000, "toon": 1_470_000}
    number = int(clip.source[1:])
    patches = tuple(Patch(name, sizes[name], {"format": "small_540"}) for name in fed_by(number))
    return ev.ClipEnded(at, "extract", Made(clip, patches, 1, 1.1))


@cache
def _worked(videos: int, workers: int, shortfall: int) -> bytes:
    state = RunState()
    for event in working_events(videos=videos, workers=workers, shortfall=shortfall):
        state.apply(event)
    return pickle.dumps(state)


def working_run(*, videos: int = 116, workers: int = 8, shortfall: int = 412) -> RunState:
    """Return a run that has worked for a day and two hours and is well."""
    state: RunState = pickle.loads(_worked(videos, workers, shortfall))  # noqa: S301 - ten times as fast as a deep copy
    return state


def working_events(*, videos: int, workers: int, shortfall: int) -> Iterator[ev.Event]:
    """Everything that happens up to NOW in a run that is well."""
    done = videos * 42 // 116
    yield from earlier_run(videos, done)
    start = NOW - 7200
    yield ev.RunStarted(start, "superres", {}, "/etc/c.json", "/data/dataset", 4711, "box", "0.1.0")
    yield ev.StagePlanned(start, "extract", plan_of(videos, done=done, shortfall=shortfall))
    yield ev.WorkersChanged(start, workers)
    yield ev.PhaseChanged(start, "running")
    clips = 600
    for number in range(clips):
        clip = Clip(f"v{number % 5:03d}", number // 5)
        at = start + 7200 * number / clips
        if number % 97 == 96:
            yield ev.ClipEnded(at, "extract", Rejected(clip, "blank picture", 3, 2.0))
        else:
            yield made(clip, at)
    yield from slots(workers)
    yield ev.DiskMeasured(NOW - 5, 1210 * GB, 4000 * GB, 50 * GB, 120_000_000)
    cores = (84.0, 91.0, 78.0, 88.0, 95.0, 70.0, 82.0, 84.0)
    yield ev.SystemMeasured(NOW - 1, cores, int(8.4 * GB), 32 * GB, 125e6, 45e6)


def earlier_run(videos: int, done: int) -> Iterator[ev.Event]:
    """Yesterday's run, which made the last videos whole."""
    start, seconds = NOW - 200_000, 100_000
    yield ev.RunStarted(start, "superres", {}, "/etc/c.json", "/data/dataset", 4000, "box", "0.1.0")
    yield ev.PhaseChanged(start, "running")
    clips = done * CLIPS_A_VIDEO
    for number in range(clips):
        clip = Clip(f"v{videos - done + number // CLIPS_A_VIDEO:03d}", number % CLIPS_A_VIDEO)
        yield made(clip, start + seconds * number / clips)
    yield ev.RunEnded(start + seconds, "stopped", 4)


def slots(workers: int) -> Iterator[ev.Event]:
    """So many workers, each at something."""
    doings = ("reading", "cutting", "reading", "waiting")
    for number in range(1, workers + 1):
        source = f"v{(number - 1) % 8 // 2:03d}"
        yield ev.SlotOpened(NOW - 30, number, source)
        attempt = 2 if number == 3 else 1
        yield ev.SlotTurned(
            NOW - number * 1.5, number, Clip(source, 120 + 14 * number), doings[number % 4], attempt
        )


@cache
def worked_history() -> HistoryPart:
    """Return the history of a day: a pause of two minutes two minutes ago, a gap of ten minutes before."""
    history, seconds = History(), 25 * 3600
    for at in (*range(0, seconds - 7200, 60), *range(seconds - 7200, seconds, 2)):
        left, wave = seconds - at, math.sin(at / 400)
        if 1200 <= left < 1800:
            continue
        is_paused = 120 <= left < 240
        busy = Values(8.6 + 3 * wave, 0.8 + 0.15 * wave, 125e6 + 3e7 * wave, 45e6 + 1e7 * wave)
        values = Values(0.0, 0.02, 0.0, 0.0) if is_paused else busy
        history.take(Reading(at, 2, replace(values, free_bytes=1210 * GB + left * 1e6)))
    return history.since(NOTHING_KNOWN, NOW - seconds)


def with_history(run: RunState, **info: Any) -> FakeController:  # noqa: ANN401
    """Return a controller of a run whose engine has sent its history."""
    return FakeController(run, info=EngineInfo(history=worked_history(), **info))


MACHINES = (
    ("box1", "running", "", 8, 8, 97.0),
    ("box2", "running", "", 8, 16, 64.0),
    ("box3", "silent", "", 0, 8, None),
    ("box10", "refused", "ffmpeg: 'n9.0.2' -> '5.1.9', colour fingerprint: 'a91c' -> '07f2'", 0, 12, None),
    ("nas", "waiting", "the output is full", 2, 4, 12.0),
)
"""Name, phase, reason, workers, cores, load in per cent."""


def cluster_run() -> RunState:
    """Return a run of five machines, of which two work."""
    state = working_run()
    for number in list(state.slots):
        state.apply(ev.SlotClosed(NOW - 60, number))
    for name, phase, reason, workers, cores, cpu in MACHINES:
        state.apply(ev.MachineChanged(NOW - 900, name, "running", "", 4, cores))
        if phase != "running":
            state.apply(ev.MachineChanged(NOW - 45, name, phase, reason, workers, cores))
        else:
            state.apply(ev.MachineChanged(NOW - 800, name, phase, reason, workers, cores))
        if cpu is not None:
            state.apply(ev.MachineMeasured(NOW - 1, name, cpu, int(8.4 * GB), 32 * GB))
    for number in range(400):
        name = "box2" if number % 4 == 0 else "box1"
        clip = Clip(f"v{5 + number % 5:03d}", number // 5)
        state.apply(replace(made(clip, NOW - 600 + 1.5 * number), machine=name))
    state.apply(ev.WorkersChanged(NOW - 45, 18))
    for number in range(1, 15):
        name = "box1" if number % 2 or number > 12 else "box2"
        source = f"v{(number - 1) % 8 // 2:03d}"
        state.apply(ev.SlotOpened(NOW - 30, number, source, machine=name))
        clip = Clip(source, 120 + 14 * number)
        state.apply(ev.SlotTurned(NOW - number * 1.5, number, clip, "reading", 1))
    return state


def troubled_run() -> RunState:
    """Return a run with everything that can be wrong with videos."""
    state = working_run()
    failed = Failed(Clip("v005", 900), "ffmpeg was killed", 3, 9.0, "x265 [error]: out of memory\nKilled")
    for event in (
        ev.SourceMissing(NOW - 29, "v020", "Missing", "/mnt/data/video/FilmeUHD/Missing.mkv"),
        ev.SourceFoundUnusable(
            NOW - 28, "extract", "v021", "Dolby Vision profile 5: no picture in its base layer"
        ),
        ev.SourceSkipped(NOW - 27, "v022"),
        ev.ClipEnded(NOW - 26, "extract", failed),
        ev.ClipEnded(NOW - 25, "extract", failed),
        ev.SourceQuarantined(NOW - 24, "v023", "crashed five times in a row"),
        ev.ProblemNoted(NOW - 23, "warning", "disk low: 61 GB free", None, "pauses under 50 GB"),
    ):
        state.apply(event)
    return state


def damaged_run() -> RunState:
    """Return a run with videos whose data are damaged, failed or gone in a part of their running time."""
    state = working_run()
    for clip in range(120, 190):
        if 0.40 < PLACES.place(clip) < 0.55:
            damaged = Rejected(Clip("v000", clip), "damaged data", 3, 2.0)
            state.apply(ev.ClipEnded(NOW - 20, "extract", damaged))
        if 0.70 < PLACES.place(clip) < 0.75:
            failed = Failed(Clip("v001", clip), "ffmpeg was killed", 3, 9.0)
            state.apply(ev.ClipEnded(NOW - 19, "extract", failed))
    gone = tuple(clip for clip in range(120) if 0.2 < PLACES.place(clip) < 0.25)
    state.apply(ev.PatchesLost(NOW - 18, "v003", "general", gone, 1_520_000 * len(gone), "extract"))
    return state


def screen_of(run: RunState | FakeController | None, **options: Any) -> TuiGenApp:  # noqa: ANN401
    """Return a screen over a run or a controller, at the time the run has reached."""
    controller = run if isinstance(run, FakeController) else FakeController(run)
    return TuiGenApp(controller, **{"clock": lambda: NOW, **options})


def text_of(app: App[Any]) -> str:
    """Return what stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)
