"""Start the program from outside: as a process that is judged by its files, its answers and its exit code.

Nothing here imports a module of the program, because modules may move.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

RUN_SECONDS = 100.0
"""The longest time that a run of these tests may take on a busy machine."""
HERE = Path(__file__).parent
FILMS = HERE / "films"
ROOT = HERE.parents[1]


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        """Return all its output, for the message of a failed assertion."""
        return f"exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def environment(**changes: str) -> dict[str, str]:
    """Return an environment without settings of the person who runs the tests."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    return {"PATH": "/nonexistent", "PYTHONWARNINGS": "error", **kept, **changes}


def command(*arguments: str | Path) -> list[str]:
    """Return the argument list that starts the program."""
    return [sys.executable, "-m", "tui_gen", *map(str, arguments)]


def run(*arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ended:
    """Run the program to its end, without a terminal."""
    done = subprocess.run(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=RUN_SECONDS,
        check=False,
        env=environment() if env is None else env,
        cwd=cwd,
        text=True,
        errors="replace",
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file."""
    loaded: dict[str, Any] = json.loads(path.read_bytes())
    return loaded


def write_json(path: Path, value: object) -> None:
    """Write a golden file: sorted, so that a change of it can be read as a difference."""
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a ledger."""
    lines = path.read_bytes().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


class Engine:
    """A run at work, in a session of its own. None of its processes outlives the `with` block."""

    def __init__(self, config: Path, *flags: str, env: Mapping[str, str] | None = None) -> None:
        """Start a run of the configuration, whose output folder is `dataset` beside it.

        The folder of the configuration is the working folder, so `env` may name another program version.
        """
        self.config = config
        self.output = config.parent / "dataset"
        self.process = subprocess.Popen(
            command("run", config, "--detached", *flags),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment() if env is None else env,
            cwd=None if env is None else config.parent,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what is left of the run."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something that the run does."""
        deadline = time.monotonic() + RUN_SECONDS
        while not holds():
            assert self.process.poll() is None, f"the run ended before {what}: {self.process.returncode}"
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.01)

    def wait_for_socket(self) -> Path:
        """Return the path of the control socket as soon as the lock file names it."""
        self.wait_until(lambda: bool(self._socket()), "a control socket")
        return Path(self._socket())

    def _socket(self) -> str:
        try:
            return str(json.loads((self.output / ".tui-gen" / "lock").read_bytes())["socket"])
        except (FileNotFoundError, ValueError):  # not written yet, or being written
            return ""

    @property
    def ledger(self) -> Path:
        """The ledger of the run folder."""
        return self.output / ".tui-gen" / "ledger.jsonl"

    def clips_made(self) -> int:
        """Return how many clips the ledger tells of now."""
        return self.ledger.read_bytes().count(b'"outcome":"made"') if self.ledger.exists() else 0

    def end(self) -> int:
        """Wait for the end of the run and return its exit code."""
        return self.process.wait(RUN_SECONDS)
