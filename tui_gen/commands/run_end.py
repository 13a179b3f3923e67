"""What the screen shows of a run that has ended beside its state: its course, and what to do next.

It only reads. A ledger of a million lines takes seconds, so a screen calls this off its event loop.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from tui_gen.commands.next_steps import as_typed, next_steps
from tui_gen.config.run_config import RUN_FOLDER
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model.run_course import EndFacts
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage.history import read_history

log = logging.getLogger(__name__)


def end_of(config: JobConfig, state: RunState) -> EndFacts:
    """Return what is known of the end of a configuration's run."""
    return _read(config.run.run_folder, tuple(next_steps(config, state, as_typed(config.run.path))))


def end_of_watched(state: RunState) -> EndFacts:
    """Return what is known of the end of a run of which only the state is known."""
    return _read(Path(state.output) / RUN_FOLDER, ())


def _read(run_folder: Path, steps: Sequence[str]) -> EndFacts:
    try:
        return EndFacts(read_history(run_folder).course, tuple(steps))
    except OSError as error:
        path = run_folder / LEDGER_NAME
        log.warning("the course of the run: %s: %s", path, error)
        return EndFacts(None, tuple(steps), trouble=f"{path}: cannot be read ({error.strerror})")
