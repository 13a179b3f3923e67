"""A screen in a process of its own, for tests that take its terminal away: `screen_process.py SCENARIO`."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from tui_gen.engine.model.state import RunState  # noqa: E402
from tui_gen.tui.app import TuiGenApp  # noqa: E402
from tui_gen.tui.terminal.session import run_screen  # noqa: E402
from tui_gen.tui.view import EngineInfo  # noqa: E402

HOSTILE = "boom [/b] \x1b]0;owned\x07 \x9b2J"


class Crashing:
    """A controller with a bug, and a hostile message in it."""

    def __init__(self, good_looks: int) -> None:
        self.looks_left = good_looks

    def snapshot(self) -> RunState:
        from tests.tui import runs

        self.looks_left -= 1
        if self.looks_left < 0:
            raise RuntimeError(HOSTILE)
        os.write(2, b"NOISE ON TWO")
        os.write(1, b"NOISE ON ONE")
        return runs.working_run(videos=8)

    def engine_info(self) -> EngineInfo:
        return EngineInfo()

    async def steer(self, command: object) -> str:
        return str(command)


def main(scenario: str) -> int:
    if scenario == "crash":
        return run_screen(TuiGenApp(Crashing(3)))
    return run_screen(TuiGenApp(Crashing(10**9)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
