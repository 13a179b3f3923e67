"""One tiny run that nothing disturbs, and what must hold after every fault.

Each test injects a fault, lets the run end or kills it, lifts the fault, runs the same command again,
and calls `Scene.finish`: the tree must be that of the undisturbed run, no child may be left, the films
and a bystander's folder must be untouched, and nothing that was said may frighten or command a terminal.

README.md beside this file tells which fault is shown where, how it is injected, and what is not shown.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import SDR, make_film, write_config
from tests.acceptance.program import (
    Dataset,
    Done,
    Running,
    check_whole,
    entry,
    environment,
    run,
    run_inside,
    still_alive,
    with_path_in_command_line,
)
from tests.conftest import MadeOnce
from tui_gen.engine.storage.lock import read_holder

ROOT = Path(__file__).parents[2]
CLIPS_A_FILM = 13
FILMS = {
    "anna.mkv": "testsrc2=s=320x180:r=24:d=6,noise=alls=12:allf=t:all_seed=3",
    "bert.mp4": "testsrc2=s=320x180:r=25:d=5,hue=h=50*t,noise=alls=16:allf=t:all_seed=5",
    "cleo.mkv": "mandelbrot=s=320x180:r=24:start_scale=0.02:end_scale=0.004:end_pts=300"
    ":start_x=-0.745:start_y=0.113:maxiter=150,trim=duration=5",
}
CHILDREN_SECONDS = 5.0
ESCAPE = "\x1b"
STALL_SECONDS = 3.0
PATIENCE = {"stall": [4.0, STALL_SECONDS], "sources": 0.2, "output": 0.2, "beat": 0.2}


@dataclass(frozen=True, slots=True)
class Scene:
    """A dataset to be made, its films, and how it looks when nothing disturbs it."""

    data: Dataset
    films: Path
    reference: Mapping[str, str]
    # What lies there and is none of the program's business: path -> content and time.
    untouchable: Mapping[str, tuple[str, int]] = field(repr=False, default_factory=dict)

    def start(
        self,
        *flags: str,
        patience: Mapping[str, Any] = PATIENCE,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> Running:
        """Start a run, below another program perhaps, and leave it at work."""
        command = hurried("run", self.data.config, *flags, patience=patience)
        return Running([*prefix, *command], env=with_root(env))

    def run(self, *flags: str, env: Mapping[str, str] | None = None) -> Done:
        """Run to the end, with little patience."""
        with self.start(*flags, env=env) as running:
            return running.end()

    def wait_for_clips(self, running: Running, number: int) -> None:
        """Wait until so many clips are made in all."""
        running.wait_until(lambda: self.made() >= number, f"{number} clips made")

    def made(self) -> int:
        """Return how many clips the ledger tells of now."""
        path = self.data.ledger_path
        return path.read_bytes().count(b'"outcome":"made"') if path.exists() else 0

    def state(self) -> str:
        """Return the state that the status file tells of now, with its reason."""
        try:
            status = self.data.status()
        except FileNotFoundError:
            return ""
        return f"{status['state']}: {status['reason']}"

    def socket(self) -> Path | None:
        """Return where the engine answers, as soon as it does."""
        holder = read_holder(self.data.output / ".tui-gen" / "lock")
        return Path(holder.socket) if holder and holder.socket else None

    def log(self) -> str:
        """Return the engine's log."""
        path = self.data.output / ".tui-gen" / "engine.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    # ------------------------------------------------------------------ what must hold

    def finish(self, done_before: Done | None = None) -> Done:
        """Run again, undisturbed, and see that nothing shows what happened before."""
        if done_before is not None:
            check_words(done_before)
        done = run_inside("run", self.data.config)
        assert done.code == 0, str(done)
        check_words(done)
        self.check_finished()
        return done

    def check_finished(self) -> None:
        """Assert all that must hold of a finished run (I1 to I5, I7, I8)."""
        self.check_invariants()
        assert self.data.tree() == self.reference

    def check_invariants(self) -> None:
        """Assert what must hold whenever no engine works, after a run that ended by itself."""
        check_whole(self.data)
        self.check_no_survivor()
        assert lying_in(self.films, self.data.config.parent / "canary") == self.untouchable

    def check_no_survivor(self) -> None:
        """Assert that no child outlives the engine."""
        for folder in (self.films, self.data.config.parent):
            assert still_alive(with_path_in_command_line(folder), CHILDREN_SECONDS) == []


def hurried(*arguments: str | Path, patience: Mapping[str, Any] = PATIENCE) -> list[str]:
    """Return the command of the program with shorter waits."""
    script = str(Path(__file__).with_name("hurried.py"))
    return [sys.executable, script, json.dumps(patience), *map(str, arguments)]


def with_root(env: Mapping[str, str] | None) -> dict[str, str]:
    """Return the environment that finds the package, wherever the script lies."""
    return {**(environment() if env is None else env), "PYTHONPATH": str(ROOT)}


def check_words(done: Done) -> None:
    """Assert that nothing it said would frighten or command a terminal (I6, I10)."""
    assert "Traceback" not in done.err, str(done)
    assert ESCAPE not in done.out + done.err


def lying_in(*folders: Path) -> dict[str, tuple[str, int]]:
    """Return path -> SHA-256 and time of change of all that lies in folders."""
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# ------------------------------------------------------------------ the scene


@pytest.fixture(scope="session")
def studio(made_once: MadeOnce, embedded_ffmpeg: str) -> Path:
    """Three short films, made once."""

    def fill(folder: Path) -> None:
        for name, graph in FILMS.items():
            make_film(embedded_ffmpeg, graph + SDR, folder / name)

    return made_once("studio", fill)


@pytest.fixture(scope="session")
def undisturbed(studio: Path, made_once: MadeOnce) -> Dataset:
    """Return a dataset whose making nothing disturbed."""

    def fill(folder: Path) -> None:
        scene = make_scene(folder, studio, {})
        done = run("run", scene.data.config)
        assert done.code == 0, str(done)
        check_whole(scene.data)

    return Dataset(made_once("undisturbed", fill) / "out.json")


@pytest.fixture
def scene(tmp_path: Path, studio: Path, undisturbed: Dataset) -> Scene:
    """Return a dataset to be made of the same films, which the test may disturb."""
    return make_scene(tmp_path, studio, undisturbed.tree())


@pytest.fixture
def finished(scene: Scene, undisturbed: Dataset) -> Scene:
    """Return a scene whose dataset is made already: a copy of the undisturbed one."""
    shutil.copytree(undisturbed.output, scene.data.output)
    return scene


def make_scene(folder: Path, studio: Path, reference: Mapping[str, str], **base: object) -> Scene:
    """Lay out films, a configuration and a bystander's folder."""
    films = folder / "films"
    films.mkdir()
    for name in FILMS:
        # A copy: a test may replace or truncate it. Ids come from the configuration, not from the place.
        shutil.copy2(studio / name, films / name)
    canary = folder / "canary"
    canary.mkdir()
    (canary / "letter.txt").write_text("not yours", encoding="utf-8")
    videos = [
        entry(films / "anna.mkv", "Anna", {"general": 0.5, "space": 0.5}, id="anna"),
        entry(films / "bert.mp4", "Bert", {"general": 1.0}, id="bert"),
        entry(films / "cleo.mkv", "Cleo", {"space": 1.0}, id="cleo"),
    ]
    data = write_config(folder, videos, name="out", targets={}, **{"base_frame_limit": CLIPS_A_FILM, **base})
    return Scene(data, films, reference, lying_in(films, canary))


# ------------------------------------------------------------------ tools of the machine


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test where a program is not installed."""
    lacking = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(lacking), reason=f"needs {', '.join(lacking)}")


def strace(*expressions: str, path: Path | None = None, told: str = os.devnull) -> list[str]:
    """Return the beginning of a command that injects faults into system calls, of one file perhaps.

    What was injected into is written to the file `told`.
    """
    program = shutil.which("strace") or "strace"
    selected = [] if path is None else ["-P", str(path)]
    options = [part for expression in expressions for part in ("-e", expression)]
    return [program, "-f", "--seccomp-bpf", "-qq", "-o", told, *selected, *options]


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting small file systems needs root")


@pytest.fixture
def fake_ffmpeg(tmp_path: Path, embedded_ffmpeg: str) -> Callable[[str], dict[str, str]]:
    """Put a shell script before ffmpeg that acts on some calls; return the environment to use it.

    In the script, `$*` is the argument list and what is not acted on goes to the real ffmpeg.
    """

    def fake(script: str) -> dict[str, str]:
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/bash\n{script}\nexec '{embedded_ffmpeg}' \"$@\"\n", encoding="utf-8")
        path.chmod(0o755)
        return environment(TUI_GEN_FFMPEG=str(path))

    return fake


@pytest.fixture
def mounts() -> Iterator[Callable[[str, Path], None]]:
    """Mount small file systems and take them down again."""
    import subprocess

    mounted: list[Path] = []

    def mount(options: str, place: Path) -> None:
        place.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
        mounted.append(place)

    yield mount
    for place in reversed(mounted):
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)
