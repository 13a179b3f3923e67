"""The program as a user meets it: judged by its files and its words.

Where a test is about starting, ending or steering the program, it is a process of its own.

Nothing here looks inside but `replayed`, which reads the ledger the way the program itself would.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self
from unittest.mock import patch

import psutil

from tests.engine import invariants
from tui_gen.cli.main import main
from tui_gen.engine.run.session import replay

RUN_SECONDS = 100.0
"""No run of these tests may take longer, on however busy a machine."""
KINDS = ("GT", "LR", "LR_7frames")
PART_FOLDERS = {"": "Patches", "val": "Val", "test": "Test"}
"""What the folders of a category's parts begin with: "general", "general/val", "general/test"."""
STATUS_NAME = ".generator_status.json"
RUN_FOLDER = ".tui-gen"

TINY = {"tiny": {"gt_size": [96, 96], "lr_size": [32, 32], "probability": 1.0}}
MIXED = {
    "tiny": {"gt_size": [96, 96], "lr_size": [32, 32], "probability": 0.6},
    "strip": {"gt_size": [120, 60], "lr_size": [40, 20], "probability": 0.4},
}


@dataclass(frozen=True, slots=True)
class Done:
    """A program that has ended: its exit status and all it said."""

    code: int
    out: str
    err: str
    seconds: float

    def __str__(self) -> str:
        """Everything, for the message of a failed assertion."""
        return f"exit {self.code} after {self.seconds:.1f} s\n--- stdout\n{self.out}--- stderr\n{self.err}"


def load() -> float:
    """Return by how much a busy machine may lengthen what takes a fixed time on an idle one."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def environment(**changes: str) -> dict[str, str]:
    """Return an environment without any ffmpeg on PATH, and without settings of whoever runs the tests."""
    names = ("HOME", "LANG", "OPENBLAS_NUM_THREADS", "TMPDIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {"PATH": "/nonexistent", "PYTHONWARNINGS": "error", **kept, **changes}


def command(*arguments: str | Path) -> list[str]:
    """Return the argument list that starts the program."""
    return [sys.executable, "-m", "tui_gen", *map(str, arguments)]


def run(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = RUN_SECONDS,
) -> Done:
    """Run the program to its end, without a terminal."""
    began = time.monotonic()
    done = subprocess.run(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
        env=environment() if env is None else env,
        cwd=cwd,
        text=True,
        errors="replace",
    )
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - began)


def run_inside(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Done:
    """Call the program in this process, to its end, where its start is not what is tested.

    A start takes about a second of a processor, nearly all of it for imports.
    """
    began = time.monotonic()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace") as err,
    ):
        with (
            patch.dict(os.environ, env or environment(), clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code = main(list(map(str, arguments)))
            except SystemExit as ended:  # as argparse does
                code = int(ended.code or 0)
        said = []
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
            said.append(stream.read())
    return Done(code, said[0], said[1], time.monotonic() - began)


def entry(path: Path, name: str, categories: Mapping[str, float], **more: object) -> dict[str, Any]:
    """Return an entry of "videos"."""
    return {"name": name, "path": str(path), "categories": dict(categories), **more}


@dataclass(frozen=True, slots=True)
class Dataset:
    """A configuration, and the output folder it fills."""

    config: Path

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration as written."""
        loaded: dict[str, Any] = json.loads(self.config.read_text(encoding="utf-8"))
        return loaded

    @property
    def output(self) -> Path:
        """Where the patches stand."""
        return self.config.parent / str(self.settings["base_settings"]["output_base_dir"])

    @property
    def ledger_path(self) -> Path:
        """The ledger."""
        return self.output / RUN_FOLDER / "ledger.jsonl"

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the configuration as a user would, in its file."""
        settings = self.settings
        change(settings)
        self.config.write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def run(self, *flags: str, env: Mapping[str, str] | None = None) -> Done:
        """Run to the end."""
        return run("run", self.config, *flags, env=env)

    def complete(self, *flags: str, code: int = 0) -> Done:
        """Run to the end in this process, and see it end well."""
        done = run_inside("run", self.config, *flags)
        assert done.code == code, str(done)
        return done

    def start(self, *flags: str, env: Mapping[str, str] | None = None) -> Running:
        """Start a run and leave it at work."""
        return Running(command("run", self.config, *flags), env=env)

    # ------------------------------------------------------------------ what stands there

    def paths(self) -> list[Path]:
        """All patch files. What the program keeps for itself is no part of the dataset."""
        found = []
        for path in sorted(self.output.rglob("*")):
            relative = path.relative_to(self.output)
            if path.is_dir() or relative.parts[0] == RUN_FOLDER or relative == Path(STATUS_NAME):
                continue
            found.append(path)
        return found

    def tree(self) -> dict[str, str]:
        """Return path -> SHA-256 of all patch files."""
        return {
            str(path.relative_to(self.output)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.paths()
        }

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Return path -> inode and modification time: whoever writes a file again changes them."""
        found = {}
        for path in self.paths():
            status = path.stat()
            found[str(path.relative_to(self.output))] = (status.st_ino, status.st_mtime_ns)
        return found

    def status(self) -> dict[str, Any]:
        """Return the status file."""
        loaded: dict[str, Any] = json.loads((self.output / STATUS_NAME).read_bytes())
        return loaded

    def ledger(self) -> list[dict[str, Any]]:
        """Return the lines of the ledger."""
        return [json.loads(line) for line in self.ledger_path.read_bytes().splitlines()]

    def made(self) -> list[tuple[str, str]]:
        """Return (clip id, category) for every patch that the ledger says was made, in its order."""
        return [
            (line["id"], patch["category"])
            for line in self.ledger()
            if line["kind"] == "clip" and line["outcome"] == "made"
            for patch in line["patches"]
        ]

    def count(self, kind: str, pattern: str = "*") -> int:
        """Return how many files of one kind stand there, "GT" or "LR", whose stem fits a pattern."""
        return len(list(self.output.glob(f"**/Patches*/{kind}/{pattern}.png")))


def check_whole(data: Dataset) -> None:
    """Assert what must hold of a dataset whenever no engine is at work on it."""
    tree = data.tree()
    _check_nothing_but_patches(tree)
    _check_all_or_none(tree)
    recorded = recorded_files(data)
    assert recorded == tree, "the ledger and the folder tell of different files"
    made = data.made()
    assert len(made) == len(set(made)), "a patch was made twice"
    state, damage = replay(data.output / RUN_FOLDER)
    assert damage == []
    status, files = data.status(), dict[str, int]()
    for name, stats in status["category_stats"].items():
        whole, _, part = name.partition("/")
        folder = f"{data.settings['category_paths'][whole]}/{PART_FOLDERS[part]}"
        counted = {
            kind: sum(1 for path in tree if path.startswith(folder) and path.split("/")[-2] == kind)
            for kind in KINDS
        }
        assert set(counted.values()) == {stats["images_created"]}, f"{name}: {stats}, counted {counted}"
        files[name] = counted[KINDS[0]]
        size = sum((data.output / path).stat().st_size for path in tree if path.startswith(folder))
        assert stats["disk_usage_bytes"] == size
    invariants.check(state, files=files)


def _check_nothing_but_patches(tree: Mapping[str, str]) -> None:
    strange = [path for path in tree if not path.endswith(".png") or path.split("/")[-2] not in KINDS]
    assert strange == [], "left behind"


def _check_all_or_none(tree: Mapping[str, str]) -> None:
    for path in tree:
        *above, kind, name = path.split("/")
        for other in KINDS:
            partner = "/".join([*above, other, name])
            assert partner in tree, f"{kind} without {other}: {path}"


def recorded_files(data: Dataset) -> dict[str, str]:
    """Return path -> SHA-256 of the files the ledger tells of."""
    return {
        patch["files"][kind]: patch["sha256"][kind]
        for line in data.ledger()
        if line["kind"] == "clip" and line["outcome"] == "made"
        for patch in line["patches"]
        for kind in patch["files"]
    }


# ------------------------------------------------------------------ a run at work


class Running:
    """A program at work, of which nothing may be left when the test is over."""

    def __init__(
        self, arguments: Sequence[str], *, env: Mapping[str, str] | None = None, stdout: int = subprocess.PIPE
    ) -> None:
        """Start it as a terminal would: in a session of its own, so that signals reach it alone."""
        self.process: subprocess.Popen[str] = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment() if env is None else env,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.began = time.monotonic()

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it and what it runs below, whatever the test came to."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    @property
    def age_seconds(self) -> float:
        """How long it has been at work."""
        return time.monotonic() - self.began

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = RUN_SECONDS) -> None:
        """Wait for something that the run does; fail when it ends or the time is over before."""
        assert self.outlasts(holds, seconds), f"ended before {what}: {self.end()}"

    def outlasts(self, holds: Callable[[], bool], seconds: float = RUN_SECONDS) -> bool:
        """Wait for something; return False when the run ends before. Fail when the time is over."""
        deadline = time.monotonic() + seconds
        while not holds():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
            time.sleep(0.002)
        return True

    def read_until(self, text: str) -> str:
        """Read what it reports up to the line that holds a text."""
        read = ""
        for line in self._out():
            read += line
            if text in line:
                return read
        message = f"ended without saying {text!r}:\n{read}{self.end()}"
        raise AssertionError(message)

    def _out(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self, seconds: float = RUN_SECONDS) -> Done:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=seconds)
        return Done(self.process.returncode, out or "", err, time.monotonic() - self.began)

    def descendants(self) -> list[psutil.Process]:
        """Return all its children and theirs, as they are now."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def still_alive(processes: Sequence[psutil.Process], seconds: float) -> list[str]:
    """Return the command lines of those that outlive the given time. A zombie is dead."""
    deadline = time.monotonic() + seconds
    while True:
        left = [process for process in processes if _is_alive(process)]
        if not left or time.monotonic() > deadline:
            return [" ".join(command_line(process)) for process in left]
        time.sleep(0.01)


def with_path_in_command_line(folder: Path) -> list[psutil.Process]:
    """Return every process whose command line names something below a folder."""
    needle = str(folder)
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and any(needle in part for part in command_line(process))
    ]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command_line(process: psutil.Process) -> list[str]:
    """Return the arguments a process was started with; none where it is gone."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return []
