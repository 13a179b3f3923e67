"""Faults of every kind, one after the other and several at once, in an order drawn by chance: all is made."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import Dataset, Running, environment
from tests.faults.conftest import Scene, check_words, make_scene, needs, needs_root, strace
from tests.faults.test_clock import SHIM
from tui_gen.engine.storage.lock import read_holder

DISK = "size=64m"
ENDS = {0, 3, 4, 130, 143, -signal.SIGKILL}
LONGEST_SECONDS = 0.8
JUMPS_SECONDS = (-86_400, 0, 30 * 86_400)


def send(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended meanwhile."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


@dataclass
class Trouble:
    """What befalls a run: its engine, its children, its disk, its films and its clock."""

    scene: Scene
    disk: Path
    clock: Path
    chance: random.Random
    counted: Counter[str] = field(default_factory=Counter)

    def moment(self) -> None:
        """Let the run go on for a while: how long is part of what is drawn."""
        time.sleep(self.chance.uniform(0.0, LONGEST_SECONDS))

    def child_killed(self, running: Running) -> None:
        self._to_a_child(running, signal.SIGKILL)

    def child_stopped(self, running: Running) -> None:
        self._to_a_child(running, signal.SIGSTOP)

    def machine_sleeps(self, running: Running) -> None:
        everybody = [psutil.Process(running.process.pid), *running.descendants()]
        for number in (signal.SIGSTOP, signal.SIGCONT):
            for process in everybody:
                send(process, number)
            self.moment()

    def disk_fills_up(self, _: Running) -> None:
        filler = self.disk / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:  # full, as it is meant to be
            while file.write(bytes(1 << 16)):
                pass
        self.moment()
        filler.unlink()

    def output_goes_away(self, _: Running) -> None:
        with self._away(self.scene.data.output):
            self.moment()

    def share_drops(self, _: Running) -> None:
        with self._away(self.scene.films):
            self.scene.films.mkdir()  # the mount point stays
            self.moment()
            self.scene.films.rmdir()

    def clock_jumps(self, _: Running) -> None:
        self.clock.write_text(str(self.chance.choice(JUMPS_SECONDS)))

    def _to_a_child(self, running: Running, number: signal.Signals) -> None:
        for child in running.descendants()[-1:]:
            send(child, number)

    @contextmanager
    def _away(self, folder: Path) -> Iterator[None]:
        unreachable = folder.with_name(f"{folder.name} away")
        folder.rename(unreachable)
        yield
        unreachable.rename(folder)

    # ------------------------------------------------------------------ one run

    @property
    def kinds(self) -> list[Callable[[Running], None]]:
        """All that may befall a run that is at work."""
        return [
            *(self.child_killed, self.child_stopped, self.machine_sleeps, self.disk_fills_up),
            *(self.output_goes_away, self.share_drops, self.clock_jumps),
        ]

    def one_run(self, env: dict[str, str]) -> int:
        """Start a run, let things befall it, end it in some way; return how it ended."""
        workers = str(self.chance.randint(1, 4))
        with self.scene.start("--workers", workers, prefix=self._reading(), env=env) as running:
            if running.outlasts(lambda: self._is_at_work(running)):
                self._befall(running)
            how = self.chance.choice([None, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            if how and running.process.poll() is None:
                self.counted[how.name] += 1
                self._end(running, how)
            done = running.end()
        assert done.code in ENDS, str(done)
        check_words(done)
        self.scene.check_no_survivor()
        return done.code

    def _is_at_work(self, running: Running) -> bool:
        holder = read_holder(self.scene.data.output / ".tui-gen" / "lock")
        family = {running.process.pid, *(child.pid for child in running.descendants())}
        return holder is not None and holder.pid in family and bool(holder.socket)

    def _befall(self, running: Running) -> None:
        for kind in self.chance.choices(self.kinds, k=self.chance.randint(1, 4)):
            self.moment()
            if running.process.poll() is not None:
                return
            self.counted[kind.__name__] += 1
            kind(running)

    def _end(self, running: Running, how: signal.Signals) -> None:
        # Below strace it is the engine that is meant, and nobody else.
        below = [child.pid for child in running.descendants() if child.ppid() == running.process.pid]
        pid = below[0] if self._is_traced(running) and below else running.process.pid
        os.kill(pid, how)

    def _is_traced(self, running: Running) -> bool:
        arguments = running.process.args
        return isinstance(arguments, list) and Path(str(arguments[0])).name == "strace"

    def _reading(self) -> list[str]:
        """Return what makes some reads of one film fail or last, in some of the runs."""
        if self.chance.random() < 0.6:
            return []
        how = self.chance.choice(["error=EIO", "delay_enter=200000"])
        self.counted[how] += 1
        first, step = self.chance.randint(3, 30), self.chance.randint(3, 20)
        film = self.scene.films / self.chance.choice(["anna.mkv", "bert.mp4", "cleo.mkv"])
        return strace("trace=read,pread64", f"inject=read,pread64:{how}:when={first}+{step}", path=film)


@pytest.mark.soak
@needs_root
@needs("strace", "gcc")
@pytest.mark.parametrize("times", [3, pytest.param(100, marks=pytest.mark.timeout(3600))])
def test_after_faults_of_every_kind_all_is_made_as_if_there_had_been_none(
    times: int, tmp_path: Path, studio: Path, undisturbed: Dataset, mounts: Callable[[str, Path], None]
) -> None:
    disk, source, shim = tmp_path / "disk", tmp_path / "shim.c", tmp_path / "shim.so"
    mounts(DISK, disk)
    source.write_text(SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"], check=True)
    scene = make_scene(disk, studio, undisturbed.tree())
    trouble = Trouble(scene, disk, tmp_path / "clock", random.Random(times))
    env = environment(LD_PRELOAD=str(shim), CLOCK_OFFSET=str(trouble.clock))
    made = 0
    for _ in range(times):
        if trouble.one_run(env) == 0:
            scene.finish()
            made += 1
            shutil.rmtree(scene.data.output)
    scene.finish()
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(trouble.counted.items()))
    sys.stdout.write(f"\n{times} runs, {made + 1} datasets: {said}\n")
