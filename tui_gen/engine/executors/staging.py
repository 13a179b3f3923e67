"""Tells whether a machine has the run's output folder, or a folder from which its files are sent."""

from __future__ import annotations

from pathlib import Path

from tui_gen.config.run_config import RUN_FOLDER
from tui_gen.engine.executors.ground import Ground
from tui_gen.engine.run.session import LEDGER_NAME


def is_staging(ground: Ground, output: Path) -> bool:
    """Return whether a machine's folder for the output is one of its own, without the run's ledger.

    `output` is the path on the engine's machine. The ledger is there before a machine is asked.
    """
    here = ground.here(str(output))
    return here != str(output) and not (Path(here) / RUN_FOLDER / LEDGER_NAME).exists()
