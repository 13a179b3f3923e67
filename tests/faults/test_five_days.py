"""Five days in minutes: a job that writes nothing, steered at random, must not grow in any way."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import statistics
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.acceptance.program import load
from tests.engine.toy import ToyJob, ToyStage
from tui_gen.engine.control.client import ControlClient
from tui_gen.engine.control.server import ControlServer
from tui_gen.engine.control.socket_place import socket_paths
from tui_gen.engine.model.history import History
from tui_gen.engine.model.work import Clip, Doing, Made, Patch, Rejected, Report
from tui_gen.engine.run import housekeeping
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.session import Session
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.scheduling.steering import Steering
from tui_gen.engine.storage.status import write_status

SOURCES = 500
STRETCH = 50
ANSWER_SECONDS = 0.2
GROWTH_SHARE = 0.05
STATUS_BYTES = 2_000_000


def act(clip: Clip) -> Iterator[Report]:
    """Make a clip of nothing; a hundredth of all is rejected."""
    yield Doing(clip, "reading")
    if clip.index % 100 == 99:
        yield Rejected(clip, "blank picture", 1, 0.1)
        return
    record = {"format": "tiny", "files": {"gt": f"All/{clip}.png"}, "sha256": {"gt": "0" * 64}}
    yield Made(clip, (Patch("all", 1000, record),), 1, 0.1)


def stage_of(clips: int) -> ToyStage:
    """Return a stage that wants so many clips in all, and keeps no list of them."""
    quotas = {f"film{number:03d}": clips // SOURCES for number in range(SOURCES)}
    return ToyStage(quotas, act, "extract", capacity=clips, stretch=STRETCH, performed=deque(maxlen=1))


@dataclass
class Measured:
    """Looks taken while the run was on."""

    clips: list[int] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    zombies: list[int] = field(default_factory=list)
    status_writes: list[int] = field(default_factory=list)  # their bytes
    answers: list[float] = field(default_factory=list)
    own_answers: list[float] = field(default_factory=list)  # of CPU: what no other program can lengthen

    def look(self, clips: int) -> None:
        me = psutil.Process()
        self.clips.append(clips)
        self.rss_mib.append(me.memory_info().rss / (1 << 20))
        self.descriptors.append(me.num_fds())
        self.threads.append(me.num_threads())
        self.zombies.append(sum(child.status() == psutil.STATUS_ZOMBIE for child in me.children()))

    def slope(self, values: list[float] | list[int]) -> float:
        """Return the growth a million clips, over the second half: the first fills what is bounded."""
        half = len(values) // 2
        line = statistics.linear_regression(self.clips[half:], values[half:])
        return line.slope * 1e6

    async def write_status(self, path: Path, status: dict[str, Any]) -> None:
        await write_status(path, status)
        self.status_writes.append(path.stat().st_size)


async def steer_at_random(client: ControlClient, measured: Measured, chance: random.Random) -> None:
    skipped: list[str] = []
    while True:
        choice = chance.random()
        began, spent = time.monotonic(), time.process_time()
        if choice < 0.5:
            await client.refresh()
        elif choice < 0.7:
            await client.steer(do.SetWorkers(chance.randint(1, 24)))
        elif choice < 0.8:
            await client.steer(do.Pause())
            await client.steer(do.Resume())
        elif choice < 0.9 or not skipped:
            skipped.append(f"film{chance.randrange(SOURCES):03d}")
            await client.steer(do.Skip(skipped[-1]))
        else:
            await client.steer(do.Unskip(skipped.pop()))
        measured.answers.append(time.monotonic() - began)
        measured.own_answers.append(time.process_time() - spent)
        await asyncio.sleep(0.2)


async def compressed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, clips: int, seconds: float
) -> tuple[Measured, int]:
    """Run the stub for so long at the most; return what was measured and how many clips ended."""
    run_folder, status = folder / "out" / ".tui-gen", folder / "out" / "status.json"
    session = Session(run_folder)
    job = ToyJob((stage_of(clips),))
    session.begin(job, config=folder / "c.json", output=folder / "out")
    measured, chance, tasks = Measured(), random.Random(1), list[asyncio.Task[None]]()
    steering: list[Steering] = []
    monkeypatch.setattr(housekeeping, "write_status", measured.write_status)

    async def look_now_and_then() -> None:
        while True:
            measured.look(session.state.clips_ended)
            await asyncio.sleep(0.5)

    async def steer() -> None:
        client = ControlClient(next(socket_paths(run_folder)))
        while not next(socket_paths(run_folder)).exists():
            await asyncio.sleep(0.05)
        await client.connect()
        try:
            await steer_at_random(client, measured, chance)
        finally:
            await client.close()

    async def end_in_time() -> None:
        await asyncio.sleep(seconds)
        await steering[0].steer(do.Drain())

    def start(given: Steering) -> None:
        steering.append(given)
        server = ControlServer(given, run_folder=run_folder, lock=session.lock, history=History())
        tasks.extend(
            asyncio.create_task(work) for work in (server.run(), look_now_and_then(), steer(), end_in_time())
        )

    try:
        watched = Watched(folder / "out", run_folder, status, 0)
        await session.perform(job, Options(workers=8), watched, start)
        broken = [task for task in tasks if task.done() and not task.cancelled() and task.exception()]
        assert broken == []
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.close()
    return measured, session.state.clips_ended


@pytest.mark.parametrize(
    ("clips", "seconds"),
    [
        (10_000, 6.0),
        pytest.param(1_000_000, 360.0, marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
    ],
)
async def test_a_long_run_grows_in_no_way(
    clips: int, seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.collect()
    gc.freeze()  # what earlier tests loaded is no engine's: looking through it takes longer than an answer
    began = time.monotonic()
    try:
        measured, ended = await compressed(tmp_path, monkeypatch, clips=clips, seconds=seconds)
    finally:
        gc.unfreeze()
    elapsed = time.monotonic() - began
    answers, own = sorted(measured.answers), max(measured.own_answers)
    sys.stdout.write(
        f"\n{ended} clips of {SOURCES} sources; growth a million clips in the second half:"
        f" RSS {measured.slope(measured.rss_mib):+.1f} MiB, descriptors"
        f" {measured.slope(measured.descriptors):+.2f}, threads {measured.slope(measured.threads):+.2f};"
        f" at the end {measured.rss_mib[-1]:.0f} MiB, {measured.descriptors[-1]} descriptors,"
        f" {measured.threads[-1]} threads; {len(measured.status_writes)} statuses of at most"
        f" {max(measured.status_writes)} bytes;"
        f" {len(answers)} answers, median {1000 * statistics.median(answers):.0f} ms,"
        f" 99 % {1000 * answers[len(answers) * 99 // 100]:.0f} ms, slowest {1000 * answers[-1]:.0f} ms,"
        f" {1000 * own:.0f} ms of them CPU\n"
    )
    assert ended > 0
    assert set(measured.zombies) == {0}
    assert max(measured.descriptors) - measured.descriptors[len(measured.descriptors) // 4] <= 4
    # Threads of earlier tests of this process may be there at the start; two pools of Python's own come.
    assert max(measured.threads) - measured.threads[0] <= (os.cpu_count() or 1) + 8
    assert max(measured.status_writes) < STATUS_BYTES
    assert (
        len(measured.status_writes) <= elapsed / housekeeping.BEAT_SECONDS + 3
    )  # at the start, and at the end
    assert own < ANSWER_SECONDS
    if ended > 100_000:  # long enough for the machine's load to be known
        assert answers[len(answers) * 99 // 100] < ANSWER_SECONDS * load()
        middle = measured.rss_mib[len(measured.rss_mib) // 2]
        assert measured.rss_mib[-1] < middle * (1 + GROWTH_SHARE)
