"""A dask scheduler and dask workers as real processes on free ports of this machine.

Invariant: when `Cluster.close` returns, none of the processes that it started is left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 60.0
RUNNER = "tui_gen.engine.executors.unit_runner"
SETTINGS = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "PYTHONPATH": str(REPOSITORY),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Box:
    """One machine: a nanny with its dask worker."""

    name: str
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def worker(self) -> psutil.Process:
        """The dask worker, which the nanny starts again."""
        return next(
            child
            for child in psutil.Process(self.process.pid).children()
            if "spawn_main" in " ".join(child.cmdline())
        )

    @property
    def runner(self) -> psutil.Process:
        return next(
            child for child in self.worker.children() if any(RUNNER in part for part in child.cmdline())
        )

    def tree(self) -> list[psutil.Process]:
        """All processes of the machine that live."""
        try:
            nanny = psutil.Process(self.process.pid)
            return [nanny, *nanny.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@dataclass
class Cluster:
    """Starts and ends processes; all listen on 127.0.0.1, or on another address of this machine."""

    folder: Path
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    protocol: str = "tcp"
    boxes: dict[str, Box] = field(default_factory=dict)
    scheduler: subprocess.Popen[bytes] | None = None
    seen: list[psutil.Process] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.protocol}://{self.host}:{self.port}"

    def start_scheduler(self, *options: str) -> None:
        """Start the scheduler, and wait until it listens."""
        self.scheduler = self._start(
            "scheduler",
            *("scheduler", "--host", self.host, "--port", str(self.port)),
            *("--no-dashboard", "--dashboard-address", "127.0.0.1:0", *options),
        )
        deadline = time.monotonic() + START_SECONDS
        while not _listens(self.host, self.port):
            assert time.monotonic() < deadline, self.said("scheduler")
            time.sleep(0.05)

    def start_box(self, name: str, workers: int = 2, *options: str) -> Box:
        """Start a dask worker in its own folder, without waiting for it."""
        process = self._start(
            name,
            *("worker", self.address, "--nworkers", "1", "--nthreads", "1", "--memory-limit", "0"),
            *("--no-dashboard", "--resources", f"tui-gen={workers}", "--name", name, *options),
        )
        box = self.boxes[name] = Box(name, process, self.folder / name)
        return box

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **SETTINGS, "TMPDIR": str(temporary)},
            )

    def said(self, name: str) -> str:
        return (self.folder / name / "log").read_text(errors="replace")

    def kill_scheduler(self) -> None:
        assert self.scheduler is not None
        self.scheduler.kill()
        self.scheduler.wait()

    def kill_box(self, name: str) -> None:
        """Kill all that lives on a machine, as when its power fails."""
        box = self.boxes.pop(name)
        processes = box.tree()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        box.process.wait()
        psutil.wait_procs(processes, timeout=10)

    def close(self) -> list[psutil.Process]:
        """End all; return the unit runners that are left."""
        self.seen += [process for box in self.boxes.values() for process in box.tree()]
        for process in self.seen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        _end([box.process for box in self.boxes.values()])
        _end([self.scheduler] if self.scheduler is not None else [])
        _, left = psutil.wait_procs(self.seen, timeout=10)
        for process in left:
            process.kill()
        return left


@contextlib.contextmanager
def cluster_of(folder: Path, **boxes: int) -> Iterator[Cluster]:
    """Start a scheduler and a machine for each name, which lends so many workers; end all."""
    cluster = Cluster(folder)
    try:
        cluster.start_scheduler()
        for name, workers in boxes.items():
            cluster.start_box(name, workers)
        yield cluster
    finally:
        left = cluster.close()
    assert left == []


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    for each in started:
        each.send_signal(signal.SIGTERM)
    for each in started:
        try:
            each.wait(15)
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
