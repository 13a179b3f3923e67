"""The last run as the ledger tells of it, for programs that have no engine to ask. It only reads."""

from __future__ import annotations

from tui_gen.base.errors import RefusedError
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.session import LEDGER_NAME, replay


class RecordedRun:
    """Reads the state from the ledger of a configuration, again only if the ledger has changed."""

    def __init__(self, config: JobConfig) -> None:
        """Remember the configuration; nothing is read yet."""
        self._config = config
        self._read_as: tuple[int, int, int] | None = None
        self._state: RunState | None = None

    def state(self) -> RunState | None:
        """Return the state with what the configuration wants, or None if no run is recorded. Raises OSError.

        A ledger of a million lines takes seconds.
        """
        try:
            found = (self._config.run.run_folder / LEDGER_NAME).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        read_as = found.st_ino, found.st_size, found.st_mtime_ns
        if read_as != self._read_as:
            self._state, self._read_as = _replayed(self._config), read_as
        return self._state


def _replayed(config: JobConfig) -> RunState | None:
    state, _ = replay(config.run.run_folder)
    if state.started_at is None:
        return None
    at = state.worked_until  # `check` may have looked at sources since
    state.apply(ev.JobDescribed(at, config.nouns))
    planner = config.capabilities.planner
    if planner is not None:
        try:
            state.apply(planner.expected(state.records, at))
        except RefusedError as error:  # the configuration was changed: what is made is still known
            state.apply(ev.ProblemNoted(at, "warning", str(error)))
    return state
