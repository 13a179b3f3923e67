"""Runs units in the engine's process: the job starts its decoders as children of the engine."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError
from tui_gen.engine.executors.base import MachineNews
from tui_gen.engine.model.work import Report, Stage, Unit

HERE = ""
"""The name of the only machine."""


class LocalExecutor:
    """Performs every unit in this process. Only the number of workers limits how many at the same time."""

    def place(self, in_hand: Mapping[str, int], source: str, stage: Stage | None = None) -> str:
        """Return this machine, which always has room."""
        del in_hand, source, stage
        return HERE

    def target(self, machine: str) -> int:
        """Return no limit."""
        del machine
        return sys.maxsize

    def perform(self, machine: str, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform the unit in this loop."""
        del machine
        return stage.perform(unit)

    async def sees(self, path: str) -> bool:
        """Return whether the path exists; a dead network share delays the answer, not the loop."""
        return await detached_call(partial(os.path.exists, path))

    def on_change(self, call: Callable[[], None]) -> None:
        """Do nothing: the answers of this executor never change."""
        del call

    @property
    def capacity(self) -> None:
        """No limit."""
        return

    def set_target(self, machine: str, workers: int) -> None:
        """Refuse: the number of workers of this machine is the scheduler's."""
        del workers
        message = f"{machine}: this run has no other machines; set the number of workers without a name"
        raise RefusedError(message)

    def enlist_again(self) -> None:
        """Do nothing: no machine is ever refused."""

    def on_machine(self, call: Callable[[MachineNews], None]) -> None:
        """Do nothing: this machine is shown as the engine itself."""
        del call
