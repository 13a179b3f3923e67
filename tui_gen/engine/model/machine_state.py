"""What a state keeps of each machine of a cluster.

    MachineChanged, MachineMeasured ──> phase, workers, load     of this run
    clips with a machine ─────────────> clips, patches, minutes  of all runs, also from the ledger

A run at home has no machine. Plain records: only `RunState.apply` changes them; all other code reads copies.
"""

from __future__ import annotations

from collections import deque
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Self

from tui_gen.engine.model.machine_events import NEEDS_HELP, MachineChanged, MachineMeasured
from tui_gen.engine.model.state_views import Minute

MACHINE_MINUTES_KEPT = 6
"""The minutes of the rate, and the current one."""


@dataclass(slots=True)
class MachineState:
    """One machine, for views."""

    name: str  # untrusted text
    phase: str = ""  # empty: not met in this run, only clips of earlier runs are known
    reason: str = ""
    workers: int = 0  # the most units at the same time
    cores: int = 0
    changed_at: float = 0.0  # since when it is in this phase, in seconds since the epoch
    in_hand: int = 0  # units that it performs now
    clips_made: int = 0  # in this run and earlier ones
    patches: int = 0
    load: MachineMeasured | None = None
    minutes: deque[Minute] = field(default_factory=lambda: deque(maxlen=MACHINE_MINUTES_KEPT))

    def change(self, event: MachineChanged) -> None:
        """Take a change."""
        if event.phase != self.phase:
            self.changed_at = event.at
        self.phase, self.reason = event.phase, event.reason
        self.workers, self.cores = event.workers, event.cores
        if event.phase in NEEDS_HELP:
            self.load = None

    def begin_run(self) -> None:
        """Forget what held for an earlier run only."""
        self.phase = self.reason = ""
        self.workers = self.cores = self.in_hand = 0
        self.load = None

    def step(self, seconds: float) -> None:
        """Move the time from which its phase is measured by a step of wall time."""
        self.changed_at += seconds
        moved = [replace(each, minute=each.minute + round(seconds / 60)) for each in self.minutes]
        self.minutes = deque(moved, MACHINE_MINUTES_KEPT)

    def copy(self) -> Self:
        """Return a copy that later events do not change."""
        picture = copy(self)
        picture.minutes = self.minutes.copy()
        if picture.minutes:  # only the last minute can still change
            picture.minutes.append(copy(picture.minutes.pop()))
        return picture
