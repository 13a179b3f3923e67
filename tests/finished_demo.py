"""The demo that the program makes and runs, made once for all tests that look at it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.acceptance.program import Done, run
from tests.conftest import MadeOnce

DEMO_SECONDS = 480.0


def finished_demo(made_once: MadeOnce) -> tuple[Done, Path]:
    """Return what the program said, and its folder, in which only the program changes anything."""

    def fill(folder: Path) -> None:
        done = run("demo", folder / "here", seconds=DEMO_SECONDS)
        (folder / "said.json").write_text(json.dumps(asdict(done)), encoding="utf-8")

    folder = made_once("demo", fill)
    return Done(**json.loads((folder / "said.json").read_text(encoding="utf-8"))), folder / "here"
