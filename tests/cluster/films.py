"""A job over real films in a cluster of real `tui-gen lend` processes, and what must hold after each fault.

Each box is a working folder of its own with a folder for temporary files. Every process of a box has the
name of that folder in its environment, so that none is overlooked.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.acceptance.conftest import SDR, make_film, write_config
from tests.acceptance.program import Dataset, Done, Running, check_whole, command, command_line, entry, run
from tests.cluster.harness import Cluster
from tests.cluster.lender import Lender, lender

WAIT_SECONDS = 120.0
MARK = "TUI_GEN_TEST_BOX"
CLIPS_A_FILM = 6
CLIPS = 24
FILMS = {
    "a/anna.mkv": "testsrc2=s=960x540:r=24:d=6,noise=alls=12:allf=t:all_seed=3",
    "b/bert.mp4": "testsrc2=s=960x540:r=25:d=5,hue=h=50*t,noise=alls=16:allf=t:all_seed=5",
    "c/cleo.mkv": "testsrc2=s=960x540:r=24:d=5,hue=h=20*t,noise=alls=14:allf=t:all_seed=7",
    "c/dora.mkv": "testsrc2=s=960x540:r=25:d=5,noise=alls=10:allf=t:all_seed=9",
}
NOT_EXAMINED = "c/dora.mkv"
"""The film that no machine is examined for: three are, of different folders if possible."""
RUNNER = "unit_runner"
GOES_BACK = "its units go back"


def make_films(ffmpeg: str, folder: Path) -> None:
    for name, graph in FILMS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        make_film(ffmpeg, graph + SDR, folder / name)


def link_films(studio: Path, folder: Path) -> None:
    """Put the same films into another folder."""
    for name in FILMS:
        (folder / name).parent.mkdir(exist_ok=True)
        os.link(studio / name, folder / name)


def make_data(folder: Path, films: Path, **base: object) -> Dataset:
    """Write a configuration of four films and two categories, whose output folder is `out` beside it."""
    videos = [
        entry(films / "a/anna.mkv", "Anna", {"general": 0.5, "space": 0.5}, id="anna"),
        entry(films / "b/bert.mp4", "Bert", {"general": 1.0}, id="bert"),
        entry(films / "c/cleo.mkv", "Cleo", {"space": 1.0}, id="cleo"),
        entry(films / "c/dora.mkv", "Dora", {"general": 1.0}, id="dora"),
    ]
    return write_config(folder, videos, name="out", targets={}, **{"base_frame_limit": CLIPS_A_FILM, **base})


def env_of_engine() -> dict[str, str]:
    return dict(os.environ)


def clip_of(path: str) -> str:
    """Return the clip of a patch file: "patch_anna_idx0004" of patch_anna_idx0004_tiny.png."""
    return "_".join(Path(path).stem.split("_")[:3])


def until(holds: Callable[[], bool], what: Callable[[], str], seconds: float = WAIT_SECONDS) -> None:
    """Wait for something; fail with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)


@dataclass
class Box:
    """One machine that is lent."""

    name: str
    folder: Path
    lender: Lender

    def processes(self) -> list[psutil.Process]:
        """Return all processes that were started there."""
        return [each for each in psutil.process_iter() if _mark_of(each) == str(self.folder)]

    def work(self) -> list[psutil.Process]:
        """Return the unit runners and what runs below them."""
        found = dict[int, psutil.Process]()
        for runner in self._named(RUNNER):
            with contextlib.suppress(psutil.NoSuchProcess):
                found |= {each.pid: each for each in (runner, *runner.children(recursive=True))}
        return list(found.values())

    def runner(self) -> psutil.Process:
        """Return the unit runner, once there is one."""
        until(lambda: bool(self._named(RUNNER)), lambda: f"{self.name}: {self.lender.lines}")
        return self._named(RUNNER)[-1]

    def dask_worker(self) -> psutil.Process:
        return self._named("spawn_main")[-1]

    def _named(self, part: str) -> list[psutil.Process]:
        return [
            each
            for each in self.processes()
            if any(part in argument for argument in command_line(each)) and not _launches(each)
        ]

    def kill(self) -> None:
        """Kill all that lives there, as when its power fails."""
        found = self.processes()
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.lender.process.wait()
        psutil.wait_procs(found, timeout=30)

    def lying(self) -> list[str]:
        """Return the files there, without those of dask itself."""
        return [
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and not any(part.startswith("dask-") for part in path.parts)
        ]


def _mark_of(process: psutil.Process) -> str | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.environ().get(MARK)
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return None


def _launches(process: psutil.Process) -> bool:
    """Return whether a process is about to become the one that its arguments name."""
    return any(part.endswith("launch.py") for part in command_line(process))


@dataclass
class Scene:
    """Films, a configuration, and the machines that make the dataset."""

    folder: Path
    films: Path
    data: Dataset
    reference: Mapping[str, str]
    cluster: Cluster
    boxes: dict[str, Box] = field(default_factory=dict)
    slots: int = 0
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)  # of the files before the fault

    def lend(
        self,
        name: str,
        workers: int = 2,
        *options: str,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        address: str | None = None,
    ) -> Box:
        """Start a machine."""
        folder = self.folder / "boxes" / name
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        own = {**os.environ, **(env or {}), MARK: str(folder), "TMPDIR": str(folder / "tmp")}
        started = self.stack.enter_context(
            lender(
                address or self.cluster.address,
                *("--name", name, "--workers", str(workers), *options),
                folder=folder,
                env=own,
                prefix=prefix,
            )
        )
        self.slots += workers
        box = self.boxes[name] = Box(name, folder, started)
        return box

    def connected(self) -> None:
        """Wait until all machines are connected."""
        for box in self.boxes.values():
            box.lender.wait_for("connected to")

    def configure(self, **keys: object) -> None:
        """Write the section "cluster" of the configuration."""

        def change(settings: dict[str, Any]) -> None:
            settings["cluster"] = {"address": self.cluster.address, **keys}

        self.data.edit(change)

    # ------------------------------------------------------------------ a run

    def start(self, *flags: str) -> Running:
        """Start an engine."""
        is_given = "cluster" in self.data.settings or "--cluster" in flags
        address = () if is_given else ("--cluster", self.cluster.address)
        return Running(command("run", self.data.config, *address, *flags), env=env_of_engine())

    def check(self, *flags: str) -> Done:
        """Examine the machines."""
        address = () if "cluster" in self.data.settings else (self.cluster.address,)
        return run("check", self.data.config, "--cluster", *address, *flags, env=env_of_engine())

    def made(self) -> int:
        """Return how many clips the ledger tells of now."""
        path = self.data.ledger_path
        return path.read_bytes().count(b'"outcome":"made"') if path.exists() else 0

    def until_made(self, running: Running, clips: int = 2) -> None:
        """Wait for some clips, and keep the stamps of the files that are there then."""
        running.wait_until(lambda: self.made() >= clips, f"{clips} clips made", WAIT_SECONDS)
        self.stamps = self.stamps_now()

    def stamps_now(self) -> dict[str, tuple[int, int]]:
        """Return path -> inode and time of all finished files."""
        found = {}
        for path in self.data.output.rglob("*.png"):
            status = path.stat()
            found[str(path)] = (status.st_ino, status.st_mtime_ns)
        return found

    def log(self) -> str:
        """Return the engine's log."""
        path = self.data.output / ".tui-gen" / "engine.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def until_logged(self, text: str, count: int = 1, seconds: float = WAIT_SECONDS) -> None:
        until(lambda: self.log().count(text) >= count, lambda: f"{text!r} is not in:\n{self.log()}", seconds)

    def machines(self) -> dict[str, Any]:
        """Return what the status file tells of the machines now."""
        try:
            found: dict[str, Any] = self.data.status()["machines"]
        except FileNotFoundError:
            return {}
        return found

    def until_phase(self, name: str, phase: str, seconds: float = WAIT_SECONDS) -> str:
        """Wait for a phase of a machine; return its reason."""
        found: dict[str, Any] = {}

        def is_there() -> bool:
            found.update(self.machines().get(name, {}))
            return bool(found.get("phase") == phase)

        until(is_there, lambda: f"{name} is not {phase}: {self.machines()}\n{self.log()}", seconds)
        return str(found["reason"])

    # ------------------------------------------------------------------ what must hold

    def finish(self, running: Running, *, again: int | None = None) -> Done:
        """Wait for the end of the run, and see that nothing shows what happened."""
        done = running.end(WAIT_SECONDS)
        assert done.code == 0, f"{done}\n{self.log()}"
        self.check_finished(again=again)
        return done

    def check_finished(self, *, again: int | None = None) -> None:
        """Assert all that must hold of a finished run, and of each box before and after its end."""
        self.check_dataset(again=again)
        for box in self.boxes.values():
            until(lambda box=box: box.work() == [], lambda box=box: f"{box.name}: {box.work()}")  # type: ignore[misc]
        self.check_no_box_is_left()

    def check_dataset(self, *, again: int | None = None) -> None:
        check_whole(self.data)
        assert self.data.tree() == self.reference
        lines = [line for line in self.data.ledger() if line["kind"] == "clip"]
        assert {line["outcome"] for line in lines} == {"made"}
        repeated = [clip for clip, count in Counter(line["id"] for line in lines).items() if count > 1]
        assert repeated == [], "recorded twice"
        now = self.stamps_now()
        anew = {clip_of(path) for path, stamp in self.stamps.items() if now[path] != stamp}
        assert len(anew) <= (self.slots if again is None else again), f"made again: {sorted(anew)}"

    def check_no_box_is_left(self) -> None:
        """End all machines; see that no process and no file is left there."""
        for box in self.boxes.values():
            if box.lender.process.poll() is None:
                box.lender.end(signal.SIGTERM)
            until(lambda box=box: box.processes() == [], lambda box=box: str(box.processes()))  # type: ignore[misc]
            assert box.lying() == []

    def makers(self) -> set[str]:
        """Return which machines made clips."""
        return {line.get("machine", "") for line in self.data.ledger() if line["kind"] == "clip"}


@contextlib.contextmanager
def scene_in(
    folder: Path, studio: Path, reference: Mapping[str, str], *options: str, **of_cluster: str
) -> Iterator[Scene]:
    """Lay out films, a configuration, and a scheduler without machines; end all at the end.

    `options` are those of the scheduler, `of_cluster` the host and the protocol.
    """
    films = folder / "films"
    films.mkdir()
    link_films(studio, films)
    cluster = Cluster(folder / "dask", **of_cluster)  # type: ignore[arg-type] # host and protocol
    scene = Scene(folder, films, make_data(folder, films), reference, cluster)
    try:
        cluster.start_scheduler(*options)
        with scene.stack:
            yield scene
    finally:
        for box in scene.boxes.values():
            for process in box.processes():
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        cluster.close()
