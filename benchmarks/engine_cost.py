"""What the engine itself costs: reading a long ledger, planning, and handing out clips that cost nothing.

    python benchmarks/engine_cost.py [--films 500] [--made 2000] [--seconds 20]

Writes a ledger of films x made lines as a long run of the super-resolution job leaves it, reads it back,
plans what is left of films x 2,800 clips, then performs a stub that makes nothing and writes no files
through plan, gate, ledger and state. Prints CPU and wall seconds, clips a second, and memory.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import (
    Clip,
    JsonObject,
    Learned,
    Made,
    Patch,
    Plan,
    Report,
    StageDefaults,
    Unit,
)
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.scheduling.scheduler import Scheduler
from tui_gen.engine.scheduling.steering import Steering
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.engine.storage.ledger_codec import encode
from tui_gen.engine.storage.recorder import Recorder
from tui_gen.jobs.superres.config.defaults import BUILT_IN_FORMATS, DEFAULT_FOLDERS, default_distribution
from tui_gen.jobs.superres.config.settings import Category, Settings, Video
from tui_gen.jobs.superres.planning.plan import plan_extract
from tui_gen.media.facts_json import probe_to_json, survey_to_json
from tui_gen.media.film_facts import ColourFacts, ProbeFacts, SurveyFacts
from tui_gen.media.geometry import Region, Size

CAPACITY = 2800
NAMES = ("general", "space", "toon")
COLOUR = ColourFacts(
    "yuv420p10le", 10, "smpte2084", "bt2020", "bt2020nc", "tv", "topleft", 1000.0, 1000.0
)  # fmt: skip


def probe_facts() -> ProbeFacts:
    return ProbeFacts(
        "matroska,webm", "hevc", Size(3840, 2160), Fraction(1), 0, 0.0, 7200.0, 1 / 24, "progressive",
        COLOUR, "pq",
    )  # fmt: skip


def settings_for(folder: Path, films: int) -> Settings:
    categories = {
        name: Category(
            name,
            DEFAULT_FOLDERS[name],
            None,
            tuple((BUILT_IN_FORMATS[form], share) for form, share in default_distribution(name).items()),
        )
        for name in NAMES
    }
    videos = tuple(
        Video(f"Film {n}", f"/films/{n}.mkv", (("general", 0.4), ("space", 0.3), ("toon", 0.3)))
        for n in range(films)
    )
    return Settings(folder / "c.json", folder / "out", videos, categories, base_frame_limit=CAPACITY)


def ledger_lines(films: int, made: int) -> Iterator[bytes]:
    facts = {"probe": probe_to_json(probe_facts())}
    facts["survey"] = survey_to_json(SurveyFacts(Region(0, 0, 3840, 2160), 20, is_interlaced=False))
    for n in range(films):
        named = {f"slug:{name}": f"film_{n}" for name in NAMES}
        yield encode(ev.FactsLearned(1.0, "probe", f"film{n}", {**facts, **named}))
    for k in range(made):
        for n in range(films):
            patches = tuple(patch(n, k, name) for name in NAMES)
            record = {"pts_seconds": k * 2.5, "scene_difference": 4.25, "pair_differences": [2.5] * 6}
            yield encode(
                ev.ClipEnded(2.0 + k, "extract", Made(Clip(f"film{n}", k), patches, 1, 1.5, (), record))
            )


def patch(film: int, k: int, category: str) -> Patch:
    stem = f"patch_film_{film}_idx{k:04d}.png"
    files = {kind: f"{category}/Learn/Patches/{kind.upper()}/{stem}" for kind in ("gt", "lr", "lr7")}
    hashes = dict.fromkeys(files, "0123456789abcdef" * 4)
    place = {"format": "small_540", "x": 12, "y": 34, "width": 540, "height": 540, "scale": 0.5}
    return Patch(category, 700_000, {**place, "files": files, "sha256": hashes})


@dataclass
class Stub(StageDefaults):
    """The plan of the real job; performing it makes nothing and writes no files."""

    settings: Settings
    sources: tuple[tuple[str, Video], ...]
    name: str = "extract"
    is_discovery: bool = False

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        """Plan as the job does."""
        return plan_extract(self.settings, self.sources, records=records, missing=frozenset())

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Report clips without making them."""
        if not unit.clips:
            yield Learned(unit.source, {})
        for clip in unit.clips:
            await asyncio.sleep(0)
            number = int(unit.source.removeprefix("film"))
            yield Made(clip, tuple(patch(number, clip.index, name) for name in NAMES), 1, 0.0)


@dataclass(frozen=True)
class StubJob:
    """A job of that one stage."""

    stages: tuple[Stub, ...]
    name: str = "superres"

    @property
    def recipe(self) -> JsonObject:
        """Nothing decides bytes: there are none."""
        return {}

    @property
    def legacy_recipe(self) -> JsonObject:
        """No key was added."""
        return {}


@dataclass
class Clock:
    """Prints what passed since it was last asked."""

    wall: float
    cpu: float

    def lap(self, words: str) -> None:
        """Print CPU and wall seconds beside the words."""
        wall, cpu = time.perf_counter(), time.process_time()
        print(f"{words:<58} {cpu - self.cpu:8.2f} CPU s {wall - self.wall:8.2f} wall s")
        self.wall, self.cpu = time.perf_counter(), time.process_time()


async def hand_out(stub: Stub, state: RunState, ledger: Ledger, seconds: float) -> tuple[int, list[float]]:
    recorder = Recorder(ledger, state, time.time)
    engine = Scheduler(
        job=StubJob((stub,)), recorder=recorder, executor=LocalExecutor(), options=Options(workers=12)
    )
    steering = Steering(engine, recorder)
    before, answers = state.clips_made, list[float]()
    run = asyncio.create_task(engine.run())
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and not run.done():
        await asyncio.sleep(0.5)
        asked = time.perf_counter()
        await steering.steer(do.SetWorkers(8 + len(answers) % 8))
        engine.snapshot()
        answers.append(time.perf_counter() - asked)
    await steering.steer(do.Stop())
    await run
    return state.clips_made - before, answers


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--films", type=int, default=500)
    arguments.add_argument("--made", type=int, default=2000, help="clips of each film in the ledger")
    arguments.add_argument("--seconds", type=float, default=20.0, help="of handing out")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="engine-cost-") as name:
        folder = Path(name)
        with (folder / LEDGER_NAME).open("wb") as file:
            file.writelines(ledger_lines(asked.films, asked.made))
        size = (folder / LEDGER_NAME).stat().st_size
        print(
            f"{asked.films} films x {CAPACITY} clips, {asked.films * asked.made:,} lines, {size / 1e6:.0f} MB"
        )
        clock = Clock(time.perf_counter(), time.process_time())
        state, _ = replay(folder)
        clock.lap("ledger read")
        settings = settings_for(folder, asked.films)
        stub = Stub(settings, tuple((f"film{n}", video) for n, video in enumerate(settings.videos)))
        plan = stub.plan(state.records)
        next(iter(next(source for source in plan.sources if source.clips_left).units))
        clock.lap("first plan and first stretch")
        stub.plan(state.records)
        clock.lap("second plan")
        made, answers = asyncio.run(hand_out(stub, state, Ledger(folder / LEDGER_NAME), asked.seconds))
        clock.lap(f"{made:,} clips handed out: {made / asked.seconds:,.0f} a second")
        print(f"slowest answer to a command: {1000 * max(answers):.0f} ms of {len(answers)}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(f"memory at most {peak / 1e6:.0f} MB (process {os.getpid()})")


if __name__ == "__main__":
    main()
