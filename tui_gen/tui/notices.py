"""Notifies the user when the run ends or has a problem: by a bell, or by a notification of the terminal.

Guards: problems from before the screen's start cause no notification. The end causes one. Problems are
collected, so that a night with five hundred problems does not cause five hundred bells. No untrusted text is
sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES
from tui_gen.engine.run.hooks import EventDetector

Notices = Literal["none", "bell", "message"]
BELL = "\a"
WORDS = {"on_problem": "there are new problems", "on_disk_low": "the disk is low, the work waits"}


@dataclass(slots=True)
class Caller:
    """Compares the run with its state at the last call."""

    kind: Notices
    _lookout: EventDetector = field(default_factory=EventDetector)
    _has_looked: bool = False
    _has_told_of_end: bool = False

    def look(self, state: RunState, now: float) -> str:
        """Return the sequence to send to the terminal; usually ""."""
        if self.kind == "none":
            return ""
        happened = [happening.event for happening in self._lookout.look(state, now)]
        words = [WORDS[event] for event in happened if event in WORDS]
        has_ended = state.phase in ENDED_PHASES
        if has_ended and not self._has_told_of_end:
            words.append(f"the run has {'finished' if state.phase == 'finished' else 'ended'}")
        self._has_told_of_end = has_ended
        is_first, self._has_looked = not self._has_looked, True
        if is_first or not words:
            return ""
        return BELL if self.kind == "bell" else f"\x1b]9;tui-gen: {', '.join(words)}\x1b\\"
