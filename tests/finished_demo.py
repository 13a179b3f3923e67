"""The demo that the program makes and runs, made once for all tests that look at it.

$TUI_GEN_TEST_DEMO may name a folder in which `tui-gen demo` has run, with its `stdout` and `stderr`.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict
from pathlib import Path

from tests.acceptance.program import Done, run
from tests.conftest import MadeOnce

DEMO_SECONDS = 480.0


def finished_demo(made_once: MadeOnce) -> tuple[Done, Path]:
    """Return what the program said, and its folder, in which only the program changes anything."""
    if made := os.environ.get("TUI_GEN_TEST_DEMO"):
        out, err = (Path(made, name).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
        return Done(0, out, err, math.nan), Path(made, "tui-gen-demo")

    def fill(folder: Path) -> None:
        done = run("demo", folder / "here", seconds=DEMO_SECONDS)
        (folder / "said.json").write_text(json.dumps(asdict(done)), encoding="utf-8")

    folder = made_once("demo", fill)
    return Done(**json.loads((folder / "said.json").read_text(encoding="utf-8"))), folder / "here"
