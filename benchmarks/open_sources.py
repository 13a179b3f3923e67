"""What a limit of open sources does to a library on one spinning disk, over a stub of disk and decoders.

    python benchmarks/open_sources.py [--workers 64] [--seconds 120] [--faster 12]

Performs the real plan of the super-resolution job by the real scheduler. The disk is a model: one head, 150
MB/s, 4.2 ms for half a turn and 2 to 16 ms for the way between two places, by the square root of its length;
films of 40 GB lie one after the other. A clip reads 7 MB (a group of 24 frames of 57 Mbit/s) in pieces of 1
MB, as the system reads ahead, and then takes 1.8 s of a core; a survey reads 16 places. Prints clips a
second, the share of the disk's time for its head's ways, and the films that were read at once. All times are
divided by `--faster`.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.engine_cost import Stub, StubJob, ledger_lines, settings_for
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.model.work import Learned, Made, Report, Unit
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.engine.scheduling.options import Machine, Options
from tui_gen.engine.scheduling.scheduler import Scheduler
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.engine.storage.recorder import Recorder
from tui_gen.processes.machine_memory import Memory

PIECE_BYTES = 1e6
CLIP_PIECES = 7
SURVEY_PLACES = 16
BYTES_A_SECOND = 150e6
HALF_A_TURN_SECONDS = 0.0042
SHORTEST_WAY_SECONDS, LONGEST_WAY_SECONDS = 0.002, 0.016
FILM_BYTES = 40e9
FILM_CLIPS = 2800
CLIP_CORE_SECONDS = 1.8


@dataclass
class Disk:
    """One head: one piece is read at a time."""

    bytes_in_all: float
    faster: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    place: float = 0.0  # of the head, in bytes
    way_seconds: float = 0.0
    busy_seconds: float = 0.0
    _owed: float = 0.0

    async def read(self, place: float) -> None:
        """Read a piece."""
        async with self.turn:
            way = 0.0 if place == self.place else self._way(abs(place - self.place))
            self.place = place + PIECE_BYTES
            self.way_seconds += way
            self.busy_seconds += way + PIECE_BYTES / BYTES_A_SECOND
            self._owed += (way + PIECE_BYTES / BYTES_A_SECOND) / self.faster
            began = time.perf_counter()
            await asyncio.sleep(max(0.0, self._owed))
            self._owed -= time.perf_counter() - began  # a sleep that lasted too long is made up for

    def _way(self, distance: float) -> float:
        share = math.sqrt(distance / self.bytes_in_all)
        return HALF_A_TURN_SECONDS + SHORTEST_WAY_SECONDS + share * LONGEST_WAY_SECONDS


@dataclass
class OnDisk(Stub):
    """Clips that are read from the disk."""

    disk: Disk = field(default_factory=lambda: Disk(FILM_BYTES, 1.0))
    reading: Counter[str] = field(default_factory=Counter)
    most: int = 0

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        """Read a unit, and report its clips as made."""
        start = int(unit.source.removeprefix("film")) * FILM_BYTES
        self.reading[unit.source] += 1
        self.most = max(self.most, len(+self.reading))
        try:
            if not unit.clips:
                for place in range(SURVEY_PLACES):
                    await self.disk.read(start + FILM_BYTES * place / SURVEY_PLACES)
                names = {f"slug:{name}": unit.source for name in self.settings.categories}
                yield Learned(unit.source, names)
            for clip in unit.clips:
                for piece in range(CLIP_PIECES):
                    await self.disk.read(start + FILM_BYTES * clip.index / FILM_CLIPS + piece * PIECE_BYTES)
                await asyncio.sleep(CLIP_CORE_SECONDS / self.disk.faster)
                yield Made(clip, (), 1, 0.0)
        finally:
            self.reading[unit.source] -= 1


async def run(folder: Path, asked: argparse.Namespace, clips: int, most: int | None) -> str:
    state, _ = replay(folder)
    settings = replace(settings_for(folder, asked.films), base_frame_limit=clips)
    stub = OnDisk(settings, tuple((f"film{n}", video) for n, video in enumerate(settings.videos)))
    disk = stub.disk = Disk(asked.films * FILM_BYTES, asked.faster)
    recorder = Recorder(Ledger(folder / LEDGER_NAME), state, time.time)
    machine = Machine(cores=asked.workers, memory=lambda: Memory(10**12, 10**12))
    options = Options(workers=asked.workers, open_sources=most, machine=machine)
    engine = Scheduler(job=StubJob((stub,)), recorder=recorder, executor=LocalExecutor(), options=options)
    task, began = asyncio.create_task(engine.run()), time.perf_counter()
    await asyncio.wait({task}, timeout=asked.seconds / asked.faster)
    seconds, made = (time.perf_counter() - began) * asked.faster, state.clips_ended
    engine.end("stop")
    await task
    ways = disk.way_seconds / max(disk.busy_seconds, 1e-9)
    return f"{clips:>12} {most or 'any':>12} {made / seconds:>8.1f} {ways:>10.0%} {stub.most:>12}"


def _unnamed(films: int) -> Sequence[bytes]:
    """Return the ledger without the names of the files, so that each film gets its survey."""
    return [line.replace(b'"slug:', b'"other:') for line in ledger_lines(films, 0)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--films", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=120.0, help="of each case, of the model's time")
    parser.add_argument("--faster", type=float, default=12.0)
    parser.add_argument("--open", type=int, nargs="+", default=[0, 8, 1], help="0: any number")
    parser.add_argument("--clips", type=int, nargs="+", default=[10, FILM_CLIPS], help="of a film")
    asked = parser.parse_args()
    print(f"{asked.workers} workers, {asked.films} films")
    print("                             clips   time for  films read")
    print("clips a film open_sources a second   the ways     at once")
    with tempfile.TemporaryDirectory(prefix="open-sources-") as name:
        for clips in asked.clips:
            for most in asked.open:
                folder = Path(name, f"{clips}-{most}")
                folder.mkdir()
                (folder / LEDGER_NAME).write_bytes(b"".join(_unnamed(asked.films)))
                print(asyncio.run(run(folder, asked, clips, most or None)), flush=True)


if __name__ == "__main__":
    main()
