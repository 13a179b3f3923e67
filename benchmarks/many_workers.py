"""What the engine's process itself carries as the number of workers grows, over a reader from memory.

    python benchmarks/many_workers.py [--workers 2 8 32 64] [--seconds 8] [--films 64] [--free]

Performs clips of three categories by the super-resolution job: real plan, cutting, kernels, PNG, hashing,
files, ledger, status file and control socket. Only the reader of the films is a stub, whose pixels come from
memory. Prints for each number of workers: clips a second, CPU milliseconds a clip, how long two requests of
another process waited for their answers (what `status` and `ctl` wait for), and the memory of the process.

With `--free`, kernels, PNG, hashes and the copies of pixels cost nothing, and no disk is waited for: what is
left is Python code, of which one thread at a time can run, and the system's calls for files, of which many
can. Its CPU milliseconds a clip are therefore more than what further cores do not shorten, and its clips a
second less than what one process can hand out to them.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.engine_cost import ledger_lines, settings_for
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.server import ControlServer
from tui_gen.engine.executors.ground import WorkerCount
from tui_gen.engine.model.work import Clip, Doing
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME, Session
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Machine, Options
from tui_gen.engine.scheduling.steering import Steering
from tui_gen.engine.storage.lock import read_holder
from tui_gen.jobs.superres import media
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.dataset.preparing import prepare_output
from tui_gen.jobs.superres.extraction import kernels, patches
from tui_gen.jobs.superres.extraction.kernels import Kernel
from tui_gen.jobs.superres.extraction.picture_form import PictureForm
from tui_gen.jobs.superres.extraction.reading.clip_frames import ClipFrames, FrameView, Reading
from tui_gen.jobs.superres.extraction.reading.luma import ClipMeasures
from tui_gen.jobs.superres.extraction.reading.views import kept_regions
from tui_gen.jobs.superres.stages import DecodingResources, SuperResolution
from tui_gen.jobs.superres.units import ClipTask, Stretch
from tui_gen.media.ffmpeg import Ffmpeg
from tui_gen.media.geometry import Region, Size
from tui_gen.media.presence import Presence
from tui_gen.processes.machine_memory import machine_memory

ASK_SECONDS = 0.25
BEGIN_SECONDS = 60.0
FIRST_CLIPS, FIRST_FREE_CLIPS = 1, 300
"""So many clips for each worker, or in all, are made before anything is measured."""
FRAME_SECONDS = 1 / 24
PICTURE = Size(1920, 1080)


# ------------------------------------------------------------------------------------ the engine's process


def noise(frames: int) -> NDArray[np.uint8]:
    """Return frames (n, height, width, 3) that compress like a film: soft shapes, and grain."""
    random = np.random.default_rng(7)
    coarse = random.integers(0, 256, (9, 16, 3)).astype(np.uint8)
    soft = cv2.resize(coarse, (PICTURE.width, PICTURE.height), interpolation=cv2.INTER_CUBIC)
    grain = np.asarray(random.normal(0, 2, soft.shape), np.float64).astype(np.int16)
    moved = np.stack([np.roll(grain, 97 * k) for k in range(frames)])
    return np.asarray(np.clip(moved + soft, 0, 255), np.uint8)


@dataclass(frozen=True)
class MemoryReader:
    """Gives every clip the same pixels, in arrays of its own, as the real reader does."""

    pixels: NDArray[np.uint8]
    is_free: bool

    async def read(self, stretch: Stretch, *, ffmpeg: Ffmpeg, threads: int) -> AsyncGenerator[Reading, None]:
        """Yield the clips of a stretch."""
        del ffmpeg, threads
        for task in stretch.tasks:
            yield Doing(Clip(stretch.source, task.index), "reading", 1)
            read = partial(self.clip, stretch.settings, task)
            yield read() if self.is_free else await asyncio.to_thread(read)

    def clip(self, settings: Settings, task: ClipTask) -> ClipFrames:
        """Return a clip with what its cuts need."""
        sizes = dict.fromkeys(cut.frame for cut in task.cuts)
        views = tuple(
            FrameView(size, region, self._part(region))
            for size in sizes
            for region in kept_regions(size, task.cuts, settings)
        )
        pts = tuple(k * FRAME_SECONDS for k in range(settings.frames))
        measures = ClipMeasures(4.0, (2.0,) * (settings.frames - 1), is_blank=False, luma_change=1.0)
        return ClipFrames(task.index, views, pts, pts, 1, measures, "P" * settings.frames)

    def _part(self, region: Region) -> NDArray[np.uint8]:
        part = self.pixels[:, : region.height, : region.width]
        return part if self.is_free else part.copy()


def make_free() -> None:
    """Let the work that other threads of Python do not wait for cost nothing."""
    digest, encode_picture = hashlib.sha256(), PictureForm.encode
    encode = cache_by_shape(lambda image, form: encode_picture(form, image))
    cheap: dict[tuple[object, str], object] = {
        (patches, "shrink"): cache_by_region(kernels.shrink),
        (patches, "stacked"): cache_by_shape(patches.stacked),
        (patches, "hashlib"): SimpleNamespace(sha256=lambda _: digest),
        (PictureForm, "encode"): lambda form, image: encode(image, form),
    }
    for (owner, name), stand_in in cheap.items():
        if not hasattr(owner, name):  # it would be measured instead of left out
            message = f"{owner} has no {name} any more"
            raise AttributeError(message)
        setattr(owner, name, stand_in)
    os.fsync = lambda _: None  # type: ignore[assignment]


def cache_by_region(call: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[int, ...], Any] = {}

    def cached(frame: object, region: Region, kernel: Kernel, *, bounds: Region) -> Any:  # noqa: ANN401
        key = region.width, region.height, kernel.ratio
        if key not in known:
            known[key] = call(frame, region, kernel, bounds=bounds)
        return known[key]

    return cached


def cache_by_shape(call: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[object, ...], Any] = {}

    def cached(pixels: Any, argument: object, **more: object) -> Any:  # noqa: ANN401 - images or an image
        key = len(pixels), pixels[0].shape, argument
        if key not in known:
            known[key] = call(pixels, argument, **more)
        return known[key]

    return cached


def job_of(folder: Path, films: int, workers: int) -> SuperResolution:
    film = folder / "film.mkv"
    film.touch()
    settings = settings_for(folder, films)
    settings.config_path.touch()
    videos = tuple(replace(video, path=str(film)) for video in settings.videos)
    settings = replace(settings, videos=videos)
    return SuperResolution(
        settings,
        tuple((f"film{n}", video) for n, video in enumerate(videos)),
        frozenset(),
        Presence({}),
        {},
        DecodingResources(Ffmpeg("/none", "none"), 1, WorkerCount(workers)),
    )


async def perform(folder: Path, job: SuperResolution, workers: int) -> float:
    """Run until another process stops the run; return the CPU seconds it took."""
    session, settings = Session(folder / "run"), job.settings
    beside: list[asyncio.Task[None]] = []

    def on_start(steering: Steering) -> None:
        server = ControlServer(
            steering, run_folder=session.run_folder, lock=session.lock, history=session.history
        )
        beside.append(asyncio.create_task(server.run()))

    watched = Watched(settings.output, session.run_folder, folder / "status.json", 0)
    session.begin(job, config=settings.config_path, output=settings.output)
    # Memory limits nothing here, and cores neither: all workers begin at once.
    machine = Machine(cores=workers, memory=machine_memory, worker_bytes=1)
    began = time.process_time()
    await session.perform(job, Options(workers=workers, machine=machine), watched, on_start)
    spent = time.process_time() - began
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    session.close()
    return spent


def engine(folder: Path, films: int, workers: int, *, is_free: bool) -> None:
    job = job_of(folder, films, workers)
    (folder / "run").mkdir(parents=True)
    (folder / "run" / LEDGER_NAME).write_bytes(b"".join(ledger_lines(films, 0)))
    prepare_output(job.settings)
    media.read_clips = MemoryReader(noise(job.settings.frames), is_free).read  # type: ignore[assignment]
    if is_free:
        make_free()
    gc.freeze()
    print(json.dumps({"cpu_seconds": asyncio.run(perform(folder, job, workers))}))


# ------------------------------------------------------------------------------------ the other process


@dataclass
class Case:
    """What was measured with one number of workers."""

    workers: int
    clips: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    answers: list[float] = field(default_factory=list)  # seconds

    def row(self) -> str:
        """Return the line of the table."""
        rate, slow = self.clips / self.seconds, sorted(self.answers)
        answers = [1000 * time for time in (statistics.median(slow), slow[int(0.95 * len(slow))], slow[-1])]
        return (
            f"{self.workers:>7} {rate:>8.1f} {1000 * self.cpu_seconds / max(1, self.clips):>9.1f}"
            f" {answers[0]:>8.0f} {answers[1]:>7.0f} {answers[2]:>7.0f}"
            f" {self.memory_bytes / 1e6:>8.0f} {self.memory_bytes / 1e6 / self.workers:>9.1f}"
        )


HEAD = """
            clips    CPU ms      answers in ms           memory in MB
workers  a second    a clip   median    95 %    most   in all  a worker"""


async def connected(folder: Path, child: subprocess.Popen[str]) -> ControlClient:
    """Return a client of the engine's socket once the engine has one."""
    deadline = time.monotonic() + BEGIN_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        holder = read_holder(folder / "run" / LOCK_NAME)
        if holder is not None and holder.socket:
            client = ControlClient(Path(holder.socket))
            await client.connect()
            return client
        await asyncio.sleep(0.05)
    message = "the engine did not begin"
    raise RuntimeError(message)


async def watched(case: Case, folder: Path, child: subprocess.Popen[str], asked: argparse.Namespace) -> None:
    """Ask the engine while it works, and stop it."""
    seconds, is_free = asked.seconds, asked.free
    client = await connected(folder, child)
    first = max(case.workers * FIRST_CLIPS, FIRST_FREE_CLIPS if is_free else 0)
    while (await client.raw_state()).get("clips_made", 0) < first:  # noqa: ASYNC110 - another process
        await asyncio.sleep(ASK_SECONDS)
    process = psutil.Process(child.pid)
    before, began, cpu = await clips_made(client), time.monotonic(), cpu_seconds(process)
    while time.monotonic() < began + seconds:
        await asyncio.sleep(ASK_SECONDS)
        for request in (client.status(), client.steer(do.SetWorkers(case.workers))):
            sent = time.monotonic()
            await request
            case.answers.append(time.monotonic() - sent)
        case.memory_bytes = max(case.memory_bytes, process.memory_info().rss)
    case.seconds = time.monotonic() - began
    case.clips = await clips_made(client) - before
    case.cpu_seconds = cpu_seconds(process) - cpu
    await client.steer(do.Stop())
    await client.close()


async def clips_made(client: ControlClient) -> int:
    await client.refresh()
    state = client.snapshot()
    return 0 if state is None else state.clips_made


def cpu_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def measured(folder: Path, workers: int, asked: argparse.Namespace) -> Case:
    case = Case(workers)
    command = [sys.executable, "-m", "benchmarks.many_workers", "--engine", str(folder)]
    child = subprocess.Popen(
        [*command, "--workers", str(workers), "--films", str(asked.films), *["--free"][: asked.free]],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    try:
        asyncio.run(watched(case, folder, child, asked))
        child.wait(timeout=60)
    finally:
        child.kill()
        child.wait()
    return case


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 8, 32, 64])
    parser.add_argument("--seconds", type=float, default=8.0, help="of each number of workers")
    parser.add_argument("--films", type=int, default=64)
    parser.add_argument("--free", action="store_true", help="only what more cores do not shorten")
    parser.add_argument("--engine", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.engine is not None:
        engine(asked.engine, asked.films, asked.workers[0], is_free=asked.free)
        return 0
    print(HEAD)
    for workers in asked.workers:
        with tempfile.TemporaryDirectory(prefix="many-workers-") as name:
            case = measured(Path(name), workers, asked)
        print(case.row(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
