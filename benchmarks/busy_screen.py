"""A screen over a run with eight busy workers, for measurements of the screen: `busy_screen.py [--cluster]`.

With `--cluster`, the workers are on five machines whose load is measured every two seconds.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.geometry import Size

    from tui_gen.engine.model.state import RunState
    from tui_gen.tui.panes.preview import PreviewImage
    from tui_gen.tui.view import EngineInfo

MACHINE_SECONDS = 2.0
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


class BusyController:
    """A run with eight workers, a clip about every 0.3 s, measured anew twice a second."""

    def __init__(self, *, is_cluster: bool = False) -> None:
        """Begin with a run that has worked for a while."""
        from tests.tui import runs
        from tui_gen.engine.model import events as ev
        from tui_gen.engine.model.history import History
        from tui_gen.engine.model.work import Clip
        from tui_gen.engine.run.history_sampler import HistorySampler, steady_seconds

        self.runs, self.ev, self.clip = runs, ev, Clip
        self.state = runs.cluster_run() if is_cluster else runs.working_run()
        self.random = random.Random(7)
        self.steered, self.patches = 0, 0
        self.history, self.steady = History(), steady_seconds
        self.sampler = HistorySampler(self.history)
        self.work_an_hour()
        self.offset = runs.NOW - time.time()
        self.next_clip = dict.fromkeys(self.state.slots, 0)
        self.due = dict.fromkeys(self.state.slots, 0.0)

    def work_an_hour(self) -> None:
        """Fill the history with the hour before now."""
        from tui_gen.engine.model.history import Reading, Values

        now = self.steady()
        for second in range(-3600, 0, 2):
            load = self.random.uniform(0.6, 1.0)
            values = Values(300 * load, load, 1.4e8 * load, 6e7 * load, 1.21e12 - 1e7 * second)
            self.history.take(Reading(now + second, 2.0, values))

    def clock(self) -> float:
        """Return the time of the run."""
        return time.time() + self.offset

    def snapshot(self) -> RunState:
        """Let what is due happen, and return a picture."""
        now, ev = self.clock(), self.ev
        for number, slot in list(self.state.slots.items()):
            if now >= self.due[number] and not self.state.is_paused:
                self.due[number] = now + self.random.uniform(0.5, 2.5)
                self.next_clip[number] += 1
                clip = self.clip(slot.source, 150 + 20 * number + self.next_clip[number] % 20)
                self.state.apply(replace(self.runs.made(clip, now), machine=slot.machine))
                self.patches += len(self.runs.fed_by(int(slot.source[1:])))
                self.state.apply(
                    ev.SlotTurned(now, number, clip, self.random.choice(("reading", "cutting")), 1)
                )
        self.measure_machines(now)
        cores = tuple(self.random.uniform(60, 100) for _ in range(8))
        self.state.apply(
            ev.SystemMeasured(
                now,
                cores,
                int(8.4e9 + self.random.uniform(0, 3e8)),
                32 * 10**9,
                self.random.uniform(9e7, 1.4e8),
                self.random.uniform(3e7, 6e7),
            )
        )
        if self.state.disk is not None:
            self.state.apply(
                replace(self.state.disk, at=now, free_bytes=self.state.disk.free_bytes - 10_000_000)
            )
        self.sampler.sample(self.state, self.patches)
        return self.state.copy()

    def measure_machines(self, now: float) -> None:
        """Measure each machine that answers anew, two seconds after the last time."""
        for machine in self.state.machines.values():
            if machine.load is not None and now - machine.load.at >= MACHINE_SECONDS:
                cpu_percent = self.random.uniform(60, 100)
                used = int(8.4e9 + self.random.uniform(0, 3e8))
                load = replace(machine.load, at=now, cpu_percent=cpu_percent, memory_used_bytes=used)
                self.state.apply(load)

    async def steer(self, command: object) -> str:
        """Pause and go on, do nothing else, and never say the same twice."""
        from tui_gen.engine.scheduling import commands as do

        self.steered += 1
        if isinstance(command, do.Pause | do.Resume):
            phase = "paused" if isinstance(command, do.Pause) else "running"
            self.state.apply(self.ev.PhaseChanged(self.clock(), phase))
        return f"done: {self.steered} {type(command).__name__}"

    def engine_info(self) -> EngineInfo:
        """Return that the engine lives, and its history."""
        from tui_gen.engine.model.history import NOTHING_KNOWN
        from tui_gen.tui.view import EngineInfo

        offset = self.clock() - self.steady()
        return EngineInfo(history=self.history.since(NOTHING_KNOWN, offset))


_COLOURS = random.Random(5)


def picture(_state: RunState, size: Size) -> PreviewImage:
    """Return a picture without two equal cells, as costly as a picture of that size can be."""
    from tui_gen.tui.panes.preview import PreviewImage

    def colour() -> tuple[int, int, int]:
        return _COLOURS.randrange(256), _COLOURS.randrange(256), _COLOURS.randrange(256)

    rows = [[(colour(), colour()) for _ in range(size.width)] for _ in range(size.height)]
    return PreviewImage(rows, "128x128 at x4")


def screen() -> int:
    from tui_gen.tui.app import TuiGenApp
    from tui_gen.tui.terminal.session import run_screen
    from tui_gen.tui.timelines import Timelines

    controller = BusyController(is_cluster="--cluster" in sys.argv)
    app = TuiGenApp(
        controller,
        clock=controller.clock,
        preview=picture,
        timelines=Timelines(controller.state),
    )
    return run_screen(app)


if __name__ == "__main__":
    sys.exit(screen())
