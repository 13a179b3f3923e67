"""Tells whether a machine has the run's output folder, or a folder of its own from which files are sent."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import ObstructedError
from tui_gen.config.run_config import RUN_FOLDER
from tui_gen.engine.executors.ground import Ground
from tui_gen.engine.run.session import LEDGER_NAME


def is_staging(ground: Ground, output: Path) -> bool:
    """Return whether a machine's folder for the output is one of its own, without the run's ledger.

    `output` is the path on the engine's machine. The ledger is there before a machine is asked.
    """
    here = Path(ground.here(str(output)))
    return here != output and not _has_ledger(here)


async def require_output(output: Path) -> None:
    """Raise ObstructedError unless this machine sees the run's output folder.

    Without this check, a stage that makes missing folders would fill the place of a share that is gone.
    """
    if not await detached_call(partial(_has_ledger, output)):
        message = f"{output}: the output folder is not there on this machine"
        raise ObstructedError(message)


def _has_ledger(output: Path) -> bool:
    return (output / RUN_FOLDER / LEDGER_NAME).exists()
