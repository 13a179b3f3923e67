"""Start the program from outside: as a process that is judged by its files, its answers and its exit code.

Nothing here imports a module of the program, because modules may move.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
